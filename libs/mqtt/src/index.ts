export * from './acknowledging-client.ts';
export * from './embedded-broker.ts';
export type { TakeOvers } from './take-overs.ts';
