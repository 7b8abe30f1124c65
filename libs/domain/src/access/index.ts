export * from './roles.ts';
export * from './slow-down.ts';
