export * from './chain.ts';
export * from './checks/index.ts';
export * from './deductions.ts';
export * from './match.ts';
export * from './policy.ts';
export * from './prorate.ts';
export * from './receivable.ts';
export * from './station-month.ts';
