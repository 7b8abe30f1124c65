export * from './subsidised-hours.ts';
export * from './tariff.ts';
