export * from './access.module.ts';
export { AccountService, type AccountKeeper } from './account.service.ts';
export { audit, auditPage, verifyAuditChain, type AuditDraft } from './audit.ts';
export { SlowDownError } from './login-attempts.ts';
export { requireOtherPerson } from './separation.ts';
export { SESSION_MAX_MS, SessionService, type Session } from './session.service.ts';
