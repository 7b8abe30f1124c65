export * from './cause.ts';
export * from './clocks.ts';
export { cleanPhoto, photoName, photoType, PHOTO_BYTES_MAX, PHOTOS_MAX, type PhotoType } from './photo.ts';
export * from './verify.ts';
export * from './work-order.ts';
