export * from './energy/counter.ts';
export * from './energy/day-energy.ts';
export * from './energy/station-energy.ts';
export * from './money/value.ts';
export * from './quality/index.ts';
export * from './solar/index.ts';
export * from './state/station-state.ts';
export * from './time/shanghai.ts';
