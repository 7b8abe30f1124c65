export { type ChainFault, type ChainReport } from './chain.ts';
export * from './ledger-error.ts';
export * from './ledger.module.ts';
export * from './ledger.service.ts';
export type { BalanceRow, StoredEntry } from './ledger.repository.ts';
