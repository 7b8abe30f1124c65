import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { boardSchema, settlementDashboardSchema, type BoardCountyCell, type BoardStep } from '#contracts';
import { Clock } from '#platform';
import { createTestDatabase } from '#test-support';
import { CHECKER, confirmedPolicy, MAKER, MoneyWorld } from './settlement-money.ts';
import { writeSmallFleet } from './small-fleet.ts';

/** Real: PostgreSQL and every service of the money. One month of three stations of a county and one of another. */
const { database } = await createTestDatabase();
const { neighbours, stranger } = await writeSmallFleet(database);
const [whole, gap, late] = neighbours;
const county = whole.code.slice(0, 6);
const MONTH = '2025-06';
const KWH = 32_100n;
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const money = new MoneyWorld(database, clock);
await money.ledger.openPeriod('2025-07', MAKER);

async function cellOf(step: BoardStep, month = MONTH): Promise<BoardCountyCell> {
  const board = boardSchema.parse(await money.board.board({ month }));
  const cell = board.items
    .find(({ countyCode }) => countyCode === county)
    ?.cells.find((each) => each.step === step);
  if (!cell) throw new Error(`no ${step} of ${county}`);
  return cell;
}
const codesOf = ({ blockers }: BoardCountyCell) =>
  blockers.map(({ code, stationCode }) => [code, stationCode]);

describe('board of a month', () => {
  it('names the days that are unknown, and the statements that have not come', async () => {
    await money.writeMonth(whole, MONTH, { energyWh: KWH * 1000n });
    await money.writeMonth(gap, MONTH, { energyWh: KWH * 1000n, without: ['2025-06-03', '2025-06-04'] });
    await money.writeMonth(late, MONTH, { energyWh: KWH * 1000n });
    const energy = await cellOf('energy');
    expect(energy).toMatchObject({
      done: 2,
      total: 3,
      blocked: 1,
      energyWh: String(KWH * 2000n),
      amountFen: null,
    });
    expect(energy.blockers).toMatchObject([
      { code: 'energy.days_unknown', stationCode: gap.code, days: ['2025-06-03', '2025-06-04'] },
    ]);
    expect(energy.blockers[0]?.sentence.zh).toContain('2025-06-03、2025-06-04的电量不明');
    const statement = await cellOf('statement');
    expect(statement).toMatchObject({ done: 0, total: 3, blocked: 3, amountFen: null });
    expect(new Set(statement.blockers.map(({ code }) => code))).toEqual(new Set(['statement.missing']));
  });

  it('waits, and blames nobody, while a month is running', async () => {
    expect(await cellOf('statement', '2025-07')).toMatchObject({ done: 0, total: 3, blocked: 0, waiting: 3 });
    expect(await cellOf('energy', '2025-07')).toMatchObject({ done: 0, blocked: 0, waiting: 3 });
  });

  it('holds a station up at the first step that it has not passed', async () => {
    await money.state(MONTH, [
      { station: whole, kWh: KWH },
      // A fifth more than was metered wants a reason.
      { station: late, kWh: (KWH * 6n) / 5n },
    ]);
    const statement = await cellOf('statement');
    expect(statement).toMatchObject({ done: 1, blocked: 2 });
    expect(codesOf(statement)).toEqual(
      expect.arrayContaining([
        ['statement.missing', gap.code],
        ['statement.needs_reason', late.code],
      ]),
    );
    const receipt = await cellOf('receipt');
    expect(receipt).toMatchObject({ done: 0, blocked: 1, waiting: 2, amountFen: '0' });
    expect(receipt.blockers[0]).toMatchObject({
      code: 'receipt.base_open',
      stationCode: whole.code,
      ageDays: 4,
    });
    expect(await cellOf('allocation')).toMatchObject({ done: 0, blocked: 0, blockers: [] });
  });

  it('tells money that is held back from money that nobody has proposed', async () => {
    const base = await Promise.all(
      [whole, late].map((station, index) =>
        money.statedFen(station, MONTH, { component: 'base', kWh: index === 0 ? KWH : (KWH * 6n) / 5n }),
      ),
    );
    const amountFen = base.reduce((sum, fen) => sum + fen, 0n);
    await money.receive({ county, reference: 'B1', bookedOn: '2025-07-03', amountFen });
    expect(await cellOf('receipt')).toMatchObject({
      done: 2,
      blocked: 0,
      waiting: 2,
      amountFen: String(amountFen),
    });
    expect(codesOf(await cellOf('allocation'))).toEqual(
      expect.arrayContaining([
        ['allocation.not_proposed', whole.code],
        ['allocation.held', late.code],
      ]),
    );
  });

  it('shows a run that waits once, with all its stations, and is done when it is approved', async () => {
    await money.policies.enter(confirmedPolicy(county), CHECKER);
    await money.matching.sign(
      { station: late.code, month: MONTH },
      { reasonCode: 'meter_exchange', note: '换表期间遥测偏低' },
      MAKER,
    );
    const run = await money.propose(county);
    expect(await cellOf('allocation')).toMatchObject({ done: 2, blocked: 0, amountFen: run.totalFen });
    const approval = await cellOf('approval');
    expect(approval).toMatchObject({ done: 0, blocked: 2, amountFen: '0' });
    expect(approval.blockers).toMatchObject([
      { code: 'approval.proposed', runId: run.id, places: 2, amountFen: run.totalFen, stationCode: null },
    ]);
    await money.allocations.approve(run.id, run.runHash, CHECKER);
    expect(await cellOf('approval')).toMatchObject({ done: 2, blocked: 0, amountFen: run.totalFen });
  });

  it('counts villages once their money is approved, until the bank has sent it', async () => {
    const before = await cellOf('transfer');
    expect(before.total).toBeGreaterThan(0);
    expect(before).toMatchObject({ done: 0, blocked: before.total, amountFen: '0' });
    expect(new Set(before.blockers.map(({ code }) => code))).toEqual(new Set(['transfer.not_prepared']));
    const actionKey = randomUUID();
    const { batchHash } = await money.transfers.prepare({ county, actionKey }, MAKER);
    const batch = await money.transfers.prepare({ county, actionKey, confirm: batchHash }, MAKER);
    const [first, ...rest] = batch.items.flatMap(({ id }) => (id === null ? [] : [id]));
    expect((await cellOf('transfer')).blockers[0]?.code).toBe('transfer.prepared');
    const items = rest.map((id) => ({ id, bankReference: `T-${id}` }));
    await money.transfers.confirm({ transferredOn: '2025-07-05', items }, CHECKER);
    const after = await cellOf('transfer');
    expect(after).toMatchObject({ done: before.total - 1, blocked: 1 });
    await money.transfers.fail(first ?? '', { reason: '账号有误', returnedOn: null }, CHECKER);
    expect((await cellOf('transfer')).blockers.map(({ code }) => code)).toEqual(['transfer.failed']);
  });

  it('is shown of one county, sums what it shows, and tells the state of the period', async () => {
    const whole = await money.board.board({ month: MONTH });
    expect(whole.items.length).toBe(2);
    for (const total of whole.totals)
      expect(total.total).toBe(
        whole.items.reduce(
          (sum, { cells }) => sum + (cells.find(({ step }) => step === total.step)?.total ?? 0),
          0,
        ),
      );
    const own = await money.board.board({ month: MONTH, county: stranger.code.slice(0, 6) });
    expect(own.items.map(({ countyCode }) => countyCode)).toEqual([stranger.code.slice(0, 6)]);
    expect(own.totals.find(({ step }) => step === 'statement')).toMatchObject({ done: 0, total: 1 });
    expect(whole.period).toBeNull();
    expect((await money.board.board({ month: '2025-07' })).period).toBe('open');
  });
});

describe('dashboard', () => {
  it('shows each total for itself, and what rests at each step sums to the gap to the next', async () => {
    const view = settlementDashboardSchema.parse(await money.dashboard.dashboard(county));
    const fen = view.funnel.map(({ amountFen }) => (amountFen === null ? null : BigInt(amountFen)));
    expect(view.funnel.map(({ step }) => step)).toEqual([
      'settled',
      'received',
      'given_out',
      'transferred',
      'paid',
    ]);
    expect(fen.at(-1)).toBeNull();
    for (const [index, { resting }] of view.funnel.slice(0, 3).entries())
      expect(resting.reduce((sum, { amountFen }) => sum + BigInt(amountFen), 0n)).toBe(
        (fen[index] ?? 0n) - (fen[index + 1] ?? 0n),
      );
    const open = view.receivables.reduce(
      (sum, row) => sum + BigInt(row.baseFen) + BigInt(row.subsidyFen),
      0n,
    );
    expect(open).toBe((fen[0] ?? 0n) - (fen[1] ?? 0n));
  });

  it('sets months against the year before, with nothing where no statement came', async () => {
    const { months, counties, match, villages } = await money.dashboard.dashboard(county);
    expect(months.length).toBe(12);
    expect(months.at(-1)).toMatchObject({ month: MONTH, lastYearFen: null });
    expect(months.at(0)).toMatchObject({ month: '2024-07', settledFen: null });
    expect(counties).toMatchObject([
      { countyCode: county, settledFen: months.at(-1)?.settledFen, lastYearFen: '0' },
    ]);
    expect(match).toMatchObject({ month: MONTH });
    expect(match.states.reduce((sum, { stations }) => sum + stations, 0)).toBe(3);
    expect(villages.length).toBeGreaterThan(0);
    expect([...villages].sort((a, b) => Number(BigInt(b.givenFen) - BigInt(a.givenFen)))).toEqual(villages);
  });
});
