export * from './advance.ts';
export * from './finding.ts';
export * from './money-checks.ts';
export * from './plan-checks.ts';
export * from './station-checks.ts';
