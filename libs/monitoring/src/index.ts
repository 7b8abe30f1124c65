export { CounterReader, type CountedDevice } from './counter-review/counter-reader.ts';
export { CounterRecordService } from './counter-review/record.service.ts';
export { CounterReviewService } from './counter-review/review.service.ts';
export * from './fleet.service.ts';
export * from './monitoring.module.ts';
export { RollUpRepository } from './roll-up.repository.ts';
export * from './roll-up.service.ts';
export * from './state.service.ts';
export * from './station.service.ts';
