// Parts of the product that the benchmark uses, bundled by libraries.mjs: decorators need a compiler.
export * from '#domain';
export * from '#contracts';
export * from '#persistence';
export * from '#mqtt';
export { Clock } from '#platform';
export { RollUpService } from '#monitoring';
export { generateRegistry, writeSnapshot } from '#registry';
export * from '#settlement';
export { LedgerService } from '#ledger';
