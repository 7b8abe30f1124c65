export * from './settlement.module.ts';
export { StatementService } from './statements/statement.service.ts';
export { MatchingService } from './matching/matching.service.ts';
