import { describe, expect, it } from 'vitest';
import { MoneyError } from '../allocation/money-error.ts';
import { accountCode, chainText, checkEntry, mirrored, requestText, type EntryDraft } from './entry.ts';
import { canChangePeriod } from './period.ts';

const sound: EntryDraft = {
  idempotencyKey: 'settlement:ST001:2025-06',
  kind: 'settlement',
  effectiveDay: '2025-06-30',
  periodMonth: '2025-06',
  description: '六月结算',
  documentRef: null,
  postings: [
    { account: { kind: 'receivable', ownerCode: 'ST001', part: 'base' }, amountFen: 5n },
    { account: { kind: 'station', ownerCode: 'ST001' }, amountFen: -5n },
  ],
};

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MoneyError ? error.code : String(error);
  }
}
const refusal = (change: Partial<EntryDraft>) => codeOf(() => checkEntry({ ...sound, ...change }));

describe('an entry', () => {
  it('sums to zero, has two postings and more, and none of them is zero', () => {
    const [first, second] = sound.postings;
    expect(refusal({})).toBeNull();
    expect(refusal({ postings: first && second ? [first, { ...second, amountFen: -4n }] : [] })).toBe(
      'ledger.not_zero',
    );
    expect(refusal({ postings: first ? [first] : [] })).toBe('ledger.bad_entry');
    expect(refusal({ postings: sound.postings.map((each) => ({ ...each, amountFen: 0n })) })).toBe(
      'ledger.bad_entry',
    );
  });

  it('stands in the period of its day; an adjustment may stand in a later one, never in an earlier', () => {
    expect(refusal({ periodMonth: '2025-07' })).toBe('ledger.bad_entry');
    expect(refusal({ kind: 'adjustment', periodMonth: '2025-07' })).toBeNull();
    expect(refusal({ kind: 'adjustment', periodMonth: '2025-05' })).toBe('ledger.bad_entry');
    expect(refusal({ effectiveDay: '2025-06-31' })).toBe('ledger.bad_entry');
  });

  it('has accounts whose codes cannot be mistaken for each other', () => {
    expect(accountCode({ kind: 'cost', ownerCode: 'ST001', part: 'rent' })).toBe('cost:ST001:rent');
    expect(codeOf(() => accountCode({ kind: 'cost', ownerCode: 'ST001:rent' }))).toBe('ledger.bad_entry');
    expect(codeOf(() => accountCode({ kind: 'cost', ownerCode: '' }))).toBe('ledger.bad_entry');
  });

  it('is mirrored by its reversal', () => {
    expect(mirrored(sound.postings).map(({ amountFen }) => amountFen)).toEqual([-5n, 5n]);
  });

  it('is told from another by what it asks for, and its place in the chain by all of it', () => {
    expect(requestText(sound)).toBe(requestText({ ...sound, idempotencyKey: 'other' }));
    expect(requestText(sound)).not.toBe(requestText({ ...sound, description: '七月结算' }));
    const chained = {
      sequence: 1n,
      idempotencyKey: 'k',
      requestHash: 'r',
      kind: 'settlement',
      effectiveDay: '2025-06-30',
      periodMonth: '2025-06',
      bookedAtMs: 0,
      description: 'ab',
      documentRef: 'c',
      bookedById: 'A1',
      bookedBy: '甲',
      reversesSequence: null,
      postings: [{ accountCode: 'station:ST001', amountFen: 5n }],
      previousHash: 'p',
    } as const;
    expect(chainText(chained)).not.toBe(chainText({ ...chained, description: 'a', documentRef: 'bc' }));
    expect(chainText(chained)).not.toBe(chainText({ ...chained, previousHash: 'q' }));
  });
});

describe('a period', () => {
  it('may be put on hold and taken back, and is closed for ever', () => {
    expect(canChangePeriod({ from: 'open', to: 'on_hold' })).toBe(true);
    expect(canChangePeriod({ from: 'on_hold', to: 'open' })).toBe(true);
    expect(canChangePeriod({ from: 'on_hold', to: 'closed' })).toBe(true);
    for (const to of ['open', 'on_hold', 'closed'] as const)
      expect(canChangePeriod({ from: 'closed', to })).toBe(false);
  });
});
