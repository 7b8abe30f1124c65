export * from './fleet.service.ts';
export * from './monitoring.module.ts';
export { RollUpRepository } from './roll-up.repository.ts';
export * from './roll-up.service.ts';
export * from './state.service.ts';
export * from './station.service.ts';
