export * from './acknowledging-client.ts';
export * from './embedded-broker.ts';
