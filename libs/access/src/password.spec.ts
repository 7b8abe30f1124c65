import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, isOutdated, verifyPassword } from './password.ts';

describe('password', () => {
  it('opens with itself alone, and no two hashes are alike', async () => {
    const [first, second] = await Promise.all([hashPassword('吕梁阳光 2026'), hashPassword('吕梁阳光 2026')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await verifyPassword('吕梁阳光 2026', first)).toBe(true);
    expect(await verifyPassword('吕梁阳光 2027', first)).toBe(false);
    expect(isOutdated(first)).toBe(false);
  });

  it('is the same however the letters are coded', async () => {
    expect(await verifyPassword('caf\u00e9 caf\u00e9', await hashPassword('cafe\u0301 cafe\u0301'))).toBe(
      true,
    );
  });

  it('is never right where there is no hash, not even an empty one', async () => {
    expect(await verifyPassword('', null)).toBe(false);
    expect(await verifyPassword('anything', null)).toBe(false);
  });

  it('still opens a hash made at another cost, and says that it is outdated', async () => {
    const salt = Buffer.alloc(16, 7);
    const cost = { memory: 1024, passes: 1, parallelism: 1 };
    const tag = argon2Sync('argon2id', { message: 'old', nonce: salt, tagLength: 32, ...cost });
    const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const hash = `$argon2id$v=19$m=1024,t=1,p=1$${text(salt)}$${text(tag)}`;
    expect(await verifyPassword('old', hash)).toBe(true);
    expect(isOutdated(hash)).toBe(true);
  });

  it('turns away what would wait behind too many others', async () => {
    const many = await Promise.allSettled(Array.from({ length: 24 }, () => verifyPassword('x', null)));
    const refused = many.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(24 - 2 - 16);
    expect(refused[0]).toMatchObject({ reason: { status: 503, code: 'access.busy' } });
    expect(await verifyPassword('x', null)).toBe(false);
  });
});
