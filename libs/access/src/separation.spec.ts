import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { requireOtherPerson } from './index.ts';

describe('four eyes', () => {
  it('lets another account check, and never the one that made it', () => {
    expect(() => requireOtherPerson({ accountId: '8' }, '7')).not.toThrow();
    expect(() => requireOtherPerson({ accountId: '7' }, '7')).toThrow(
      expect.objectContaining({ status: 403, code: 'access.same_person' }),
    );
    expect(() => requireOtherPerson({ accountId: 'local' }, 'local')).toThrow('another account');
  });
});
