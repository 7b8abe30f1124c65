export * from './allocate.ts';
export * from './fraction.ts';
export * from './money-error.ts';
export * from './month.ts';
export * from './shares.ts';
export * from './villages.ts';
