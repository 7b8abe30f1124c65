export * from './settlement.module.ts';
export { type StatementFileInput } from './statements/statement-report.ts';
export { StatementService } from './statements/statement.service.ts';
export { MatchingService } from './matching/matching.service.ts';
export { ReceiptService } from './receipts/receipt.service.ts';
export { AllocationService } from './allocation/allocation.service.ts';
export { LineageService } from './allocation/lineage.service.ts';
export { SettlementPolicyService } from './policy/policy.service.ts';
