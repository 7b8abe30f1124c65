import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventHash } from './audit.ts';

const event = {
  sequence: 1n,
  at: new Date('2026-11-25T08:00:00Z'),
  accountId: '7',
  accountName: '王丽',
  action: 'access.login',
  subject: 'wang',
  beforeJson: null,
  afterJson: '{"a":1}',
  address: '10.0.0.5',
  previousHash: '0'.repeat(64),
};
type Field = keyof typeof event;

describe('hash of an event', () => {
  it('changes with every field', () => {
    const changes: Partial<Record<Field, unknown>> = {
      sequence: 2n,
      at: new Date('2026-11-25T08:00:00.001Z'),
      accountId: '8',
      accountName: '王莉',
      action: 'access.logout',
      subject: 'wan',
      beforeJson: '',
      afterJson: '{"a":2}',
      address: null,
      previousHash: '1'.repeat(64),
    };
    const hashes = Object.entries(changes).map(([field, value]) => eventHash({ ...event, [field]: value }));
    expect(new Set([eventHash(event), ...hashes]).size).toBe(Object.keys(event).length + 1);
  });

  it('is another one where text moves from one field to the next', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (subject, action, moved) => {
        const first = eventHash({ ...event, action: action + moved, subject });
        expect(eventHash({ ...event, action, subject: moved + subject })).not.toBe(first);
      }),
    );
  });
});
