export * from './binary-rows.ts';
export * from './database.ts';
export * from './embedded-server.ts';
export * from './migrate.ts';
export * from './persistence.module.ts';
export * from './time-series-keeping.ts';
export * from './time-series.ts';
export * from './program-lock.ts';
