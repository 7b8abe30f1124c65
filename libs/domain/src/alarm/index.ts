export * from './advance-alarms.ts';
export * from './alarm-policy.ts';
export * from './alarm-types.ts';
