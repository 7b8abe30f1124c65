import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isAllowed,
  isInArea,
  LOGIN_DELAY_MAX_MS,
  loginDelayMs,
  PERMISSIONS,
  permissionsOf,
  ROLES,
  type Permission,
} from './index.ts';

const BOTH_SIDES: [Permission, Permission][] = [
  ['settlement.make', 'settlement.check'],
  ['payout.make', 'payout.check'],
];

describe('roles', () => {
  it.each(ROLES)('%s holds at most one side of what needs two persons', (role) => {
    for (const [make, check] of BOTH_SIDES)
      expect(isAllowed(role, make) && isAllowed(role, check)).toBe(false);
    const makes = BOTH_SIDES.some(([make]) => isAllowed(role, make));
    const checks = BOTH_SIDES.some(([, check]) => isAllowed(role, check));
    expect(makes && checks).toBe(false);
  });

  it('leave no permission without a role', () => {
    for (const permission of PERMISSIONS)
      expect(
        ROLES.filter((role) => isAllowed(role, permission)),
        permission,
      ).not.toEqual([]);
  });

  it('let only the administrator make accounts, and him move no money', () => {
    expect(ROLES.filter((role) => isAllowed(role, 'account.manage'))).toEqual(['administrator']);
    for (const permission of BOTH_SIDES.flat()) expect(isAllowed('administrator', permission)).toBe(false);
  });

  it('let the auditor change nothing: he reads, and takes files along', () => {
    expect(permissionsOf('auditor')).toEqual(['audit.read', 'report.make']);
  });
});

describe('area', () => {
  it('is the whole city, or the counties that are named', () => {
    expect(isInArea(null, '141124')).toBe(true);
    expect(isInArea(['141124', '141125'], '141125')).toBe(true);
    expect(isInArea(['141124'], '141125')).toBe(false);
  });
});

describe('slow-down of logins', () => {
  it('forgives three mistakes and then doubles', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(loginDelayMs)).toEqual([0, 0, 0, 1000, 2000, 4000, 8000]);
  });

  it('never shrinks and never becomes a lock', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (failures) => {
        const delayMs = loginDelayMs(failures);
        expect(delayMs).toBeGreaterThanOrEqual(loginDelayMs(Math.max(0, failures - 1)));
        expect(delayMs).toBeLessThanOrEqual(LOGIN_DELAY_MAX_MS);
      }),
    );
  });
});
