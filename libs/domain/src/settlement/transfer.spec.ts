import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoneyError } from '../allocation/money-error.ts';
import { WorkingCalendar } from '../calendar/working-days.ts';
import { matchTakenBack } from './receivable.ts';
import { planTransfers, reconcileAgency, transferClock, transferPostings, transferText } from './transfer.ts';

const part = (villageCode: string, runId: number, amountFen: bigint, receivedOn = '2025-07-03') => ({
  villageCode,
  runId,
  adjustmentId: null,
  amountFen,
  receivedOn,
});

describe('transfers', () => {
  it('are one a village over all that is open, with the clock of the oldest money', () => {
    const plan = planTransfers([
      part('B', 2, 5n),
      part('A', 2, 7n, '2025-07-05'),
      part('A', 1, 3n, '2025-06-30'),
    ]);
    expect(
      plan.items.map(({ villageCode, amountFen, receivedOn }) => [villageCode, amountFen, receivedOn]),
    ).toEqual([
      ['A', 10n, '2025-06-30'],
      ['B', 5n, '2025-07-03'],
    ]);
    expect(plan.totalFen).toBe(15n);
    expect(transferText(plan, '141124')).toBe(
      transferText(planTransfers([...plan.items].flatMap(({ parts }) => parts)), '141124'),
    );
  });

  it('take off what was given too much, and send nothing until it is made up', () => {
    const plan = planTransfers([
      part('A', 1, 10n),
      part('A', 2, -4n),
      part('B', 1, 3n),
      part('B', 2, -3n),
      part('C', 2, -1n),
    ]);
    expect(plan.items.map(({ villageCode, amountFen }) => [villageCode, amountFen])).toEqual([['A', 6n]]);
    expect(plan.waiting).toEqual([
      { villageCode: 'B', amountFen: 0n },
      { villageCode: 'C', amountFen: -1n },
    ]);
  });

  it('refuse a document that gives a village an amount twice', () => {
    expect(() => planTransfers([part('A', 1, 1n), part('A', 1, 2n)])).toThrow(MoneyError);
  });

  it('lose no fen and are zero in the ledger, whatever comes', () => {
    const parts = fc.uniqueArray(
      fc.record({
        villageCode: fc.constantFrom('A', 'B', 'C', 'D'),
        runId: fc.integer({ min: 1, max: 20 }),
        adjustmentId: fc.constant(null),
        amountFen: fc.bigInt({ min: -1000n, max: 1000n }),
        receivedOn: fc.constantFrom('2025-07-01', '2025-07-02'),
      }),
      { selector: ({ villageCode, runId }) => `${villageCode}/${runId}` },
    );
    fc.assert(
      fc.property(parts, (rows) => {
        const { items, waiting, totalFen } = planTransfers(rows);
        const all = rows.reduce((sum, { amountFen }) => sum + amountFen, 0n);
        expect(waiting.reduce((sum, { amountFen }) => sum + amountFen, totalFen)).toBe(all);
        for (const { amountFen, parts: own } of items)
          expect(own.reduce((sum, each) => sum + each.amountFen, 0n)).toBe(amountFen);
        const postings = transferPostings({ countyCode: '141124', items });
        expect(postings.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(0n);
      }),
    );
  });
});

describe('the clock from receipt to village account', () => {
  const calendar = new WorkingCalendar();
  const at = (today: string, endedOn: string | null = null, receivedOn = '2025-09-26') =>
    transferClock({ receivedOn, workingDays: 10, endedOn, today, calendar });

  it('counts working days over the holidays of the notices', () => {
    // 28 September and 11 October 2025 are worked Sundays and Saturdays, 1 to 8 October are days off.
    expect(at('2025-09-26')).toEqual({ dueOn: '2025-10-16', workingDaysLeft: 10, isOverdue: false });
    expect(at('2025-10-08')).toMatchObject({ workingDaysLeft: 7, isOverdue: false });
    expect(at('2025-10-16')).toMatchObject({ workingDaysLeft: 0, isOverdue: false });
    expect(at('2025-10-17')).toMatchObject({ workingDaysLeft: -1, isOverdue: true });
  });

  it('stands still on the day on which the money arrived', () => {
    expect(at('2026-01-05', '2025-10-14')).toMatchObject({ workingDaysLeft: 2, isOverdue: false });
    expect(at('2026-01-05', '2025-10-20')).toMatchObject({ workingDaysLeft: -2, isOverdue: true });
  });

  it('says that nobody knows where the days off of a year are not announced', () => {
    expect(at('2026-12-30', null, '2026-12-28')).toEqual({
      dueOn: null,
      workingDaysLeft: null,
      isOverdue: null,
    });
  });
});

describe('the account of the agency', () => {
  it('differs from the bank by what can be named, whatever happened', () => {
    const amount = fc.bigInt({ min: -500n, max: 500n });
    const lines = fc.array(
      fc.record({
        bankLineId: fc.bigInt({ min: 1n, max: 99n }),
        bankReference: fc.constantFrom('R1', 'R2', 'T1', 'T2'),
        amountFen: amount,
        matchedFen: amount,
      }),
    );
    const transfers = fc.array(
      fc.record({
        transferId: fc.bigInt({ min: 1n, max: 9n }),
        villageCode: fc.constant('A'),
        bankReference: fc.constantFrom('T1', 'T2'),
        amountFen: amount,
      }),
    );
    const others = fc.array(
      fc.record({ ledgerSequence: fc.bigInt({ min: 1n, max: 9n }), amountFen: amount }),
    );
    const sum = (rows: readonly { amountFen: bigint }[]) =>
      rows.reduce((total, { amountFen }) => total + amountFen, 0n);
    fc.assert(
      fc.property(lines, transfers, others, (bank, sent, rest) => {
        const matched = bank.reduce((total, { matchedFen }) => total + matchedFen, 0n);
        const facts = {
          ledgerFen: matched + sum(sent) + sum(rest),
          bankFen: sum(bank),
          lines: bank,
          transfers: sent,
          others: rest,
        };
        expect(reconcileAgency(facts).unexplainedFen).toBe(0n);
        expect(reconcileAgency({ ...facts, ledgerFen: facts.ledgerFen + 1n }).unexplainedFen).toBe(-1n);
      }),
    );
  });
});

describe('money that is taken back', () => {
  it('is taken from the newest, mirrors a receipt, and is never more than came', () => {
    const received = [
      { stationCode: 'ST1', month: '2025-05', openFen: 100n },
      { stationCode: 'ST1', month: '2025-06', openFen: 40n },
    ];
    expect(matchTakenBack({ amountFen: -60n, received })).toEqual({
      matches: [
        { stationCode: 'ST1', month: '2025-06', amountFen: -40n, leftFen: 0n, isPinned: false },
        { stationCode: 'ST1', month: '2025-05', amountFen: -20n, leftFen: 80n, isPinned: false },
      ],
      unmatchedFen: 0n,
    });
    expect(matchTakenBack({ amountFen: -200n, received }).unmatchedFen).toBe(-60n);
    const pinned = [{ stationCode: 'ST1', month: '2025-05', amountFen: -60n }];
    expect(matchTakenBack({ amountFen: -60n, received, pinned }).matches).toMatchObject([
      { month: '2025-05', amountFen: -60n, isPinned: true },
    ]);
  });
});
