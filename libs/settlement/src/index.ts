export * from './settlement.module.ts';
export { StatementService } from './statements/statement.service.ts';
