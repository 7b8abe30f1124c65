/**
 * Who may do what. A person has one role; a role is a fixed set of permissions. Whoever makes something that moves money
 * never checks it: no role holds both sides, and the checker is another account than the maker (peers.md, row 83).
 */

/** Roles of accounts: 运维, 经办, 复核, 审计, 管理员. */
export const ROLES = ['operator', 'clerk', 'checker', 'auditor', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** What a person may be allowed to do beyond reading. */
export const PERMISSIONS = [
  'registry.write',
  'ingest.review',
  'counter.review',
  'alarm.handle',
  'alarm.configure',
  'work_order.handle',
  'work_order.plan',
  'settlement.make',
  'settlement.check',
  'settlement.configure',
  'payout.make',
  'payout.check',
  'report.make',
  'finding.close',
  'account.manage',
  'audit.read',
  'testbench.run',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The one table of roles. Reading needs an account, and no permission. */
const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  operator: [
    'registry.write',
    'ingest.review',
    'counter.review',
    'alarm.handle',
    'alarm.configure',
    'work_order.handle',
    'work_order.plan',
    'report.make',
    'testbench.run',
  ],
  clerk: ['settlement.make', 'payout.make', 'report.make'],
  // Corrections of counters change money, so the second signature may be that of finance.
  checker: [
    'settlement.check',
    'settlement.configure',
    'payout.check',
    'counter.review',
    'report.make',
    'finding.close',
  ],
  // A file changes nothing; whoever audits takes figures along.
  auditor: ['audit.read', 'report.make'],
  // Whoever makes accounts moves no money: he could otherwise be both persons.
  administrator: ['account.manage', 'audit.read', 'registry.write', 'alarm.configure', 'testbench.run'],
};

export function permissionsOf(role: Role): readonly Permission[] {
  return ROLE_PERMISSIONS[role];
}

export function isAllowed(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}

/** County codes that an account works in; null is the whole city. */
export type Area = readonly string[] | null;

export function isInArea(area: Area, countyCode: string): boolean {
  return area === null || area.includes(countyCode);
}
