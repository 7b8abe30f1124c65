export * from './protocol.ts';
export * from './result-csv.ts';
export { TestbenchQueue } from './run.queue.ts';
export * from './run.service.ts';
export * from './testbench.module.ts';
