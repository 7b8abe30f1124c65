export * from './clear-sky.ts';
export * from './sun-position.ts';
export * from './sun-times.ts';
