export * from './entry.ts';
export * from './period.ts';
