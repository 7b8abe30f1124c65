import { describe, expect, it } from 'vitest';
import { addDays } from '#domain';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock } from '#platform';
import {
  MatchingService,
  SettlementPolicyService,
  ReceiptService,
  StatementListService,
  StatementService,
  StationMonthService,
  type StatementFileInput,
} from '#settlement';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

/** What the pages of paper read: real are PostgreSQL and every service; the days of energy are written by hand. */
const { database } = await createTestDatabase();
const { neighbours, stranger } = await writeSmallFleet(database);
const clock = new Clock({ startAt: new Date('2025-07-05T10:00:00+08:00'), speed: 1 });
const actor = { accountId: 'A1', name: '结算员甲' };
const ledger = new LedgerService(database, clock);
await ledger.openPeriod('2025-07', actor);
const statements = new StatementService(database, clock, ledger);
const papers = new StatementListService(database);
const matching = new MatchingService(database, clock);
const months = new StationMonthService(database, clock, matching);
const receipts = new ReceiptService(database, clock, ledger);

const [station] = neighbours;
const county = station.code.slice(0, 6);
const accountOf = (one: typeof station) => one.gridAccounts[0]?.accountNo ?? '';
const QUERY = { show: 'in_force', page: 1, pageSize: 100 } as const;

const fileOf = (...rows: string[]): StatementFileInput => ({
  fileName: 'june.csv',
  source: null,
  bytes: Buffer.from(['户号,结算年月,上网电量(MWh),上网电费(元),备注', ...rows].join('\n')),
});
async function imported(file: StatementFileInput, skipRefused = false) {
  const { previewHash } = await statements.preview(file, actor);
  return statements.import({ ...file, confirm: previewHash, skipRefused }, actor);
}

describe('a preview of a file', () => {
  it('says what each heading is taken for, and gives refused rows with their cells', async () => {
    const file = fileOf(`${accountOf(station)},2025-06,三万,10657.20,x`, '1,2025-06,1,2,y');
    const report = await statements.preview(file, actor);
    expect(report.columns).toEqual([
      { position: 0, title: '户号', name: 'accountNo', heading: '户号' },
      { position: 1, title: '结算年月', name: 'month', heading: '结算年月' },
      { position: 2, title: '上网电量(MWh)', name: 'base.energyWh', heading: '上网电量(mwh)' },
      { position: 3, title: '上网电费(元)', name: 'base.amountFen', heading: '上网电费(元)' },
      { position: 4, title: '备注', name: null, heading: null },
    ]);
    expect(report.refusedRows).toEqual([
      { row: 2, cells: [accountOf(station), '2025-06', '三万', '10657.20', 'x'] },
      { row: 3, cells: ['1', '2025-06', '1', '2', 'y'] },
    ]);
  });

  it('refuses accounts that are not of the area of who imports', async () => {
    const file = fileOf(`${accountOf(stranger)},2025-06,32.1,10657.20,`);
    const report = await statements.preview(file, { ...actor, area: [county] });
    expect(report.problems.map(({ row, code }) => [row, code])).toEqual([[2, 'statement.outside_area']]);
    expect((await statements.preview(file, actor)).problems).toEqual([]);
  });
});

describe('the list of statements', () => {
  it('has what is in force, and every version with its reversal, which add up to it', async () => {
    await imported(fileOf(`${accountOf(station)},2025-06,32.1,10657.20,`));
    await imported(fileOf(`${accountOf(station)},2025-06,32,10624.00,`));
    await imported(fileOf(`${accountOf(stranger)},2025-06,1,332.00,`));
    const inForce = await papers.list({ ...QUERY, county });
    expect(inForce.items.map(({ version, amountFen, openFen }) => [version, amountFen, openFen])).toEqual([
      [2, '1062400', '1062400'],
    ]);
    const corrected = await papers.list({ ...QUERY, show: 'corrected' });
    expect(corrected.items.map(({ kind, version, amountFen }) => [kind, version, amountFen])).toEqual([
      ['stated', 1, '1065720'],
      ['reversal', 1, '-1065720'],
      ['stated', 2, '1062400'],
    ]);
    expect(corrected.sums).toEqual(inForce.sums.map((sum) => ({ ...sum, count: 3 })));
    expect(inForce.sums).toEqual([
      {
        component: 'base',
        count: 1,
        energyWh: '32000000',
        amountFen: '1062400',
        receivedFen: '0',
        openFen: '1062400',
      },
    ]);
    expect((await papers.list({ ...QUERY, show: 'all', month: '2025-06' })).total).toBe(4);
    expect((await papers.list({ ...QUERY, month: '2025-05' })).items).toEqual([]);
    expect(inForce.components).toEqual(['base']);
  });
});

describe('a station-month', () => {
  it('opens to its days, where a day that is not whole is seen and not counted, and to who signed', async () => {
    await database.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select s.id, d.day::date, 1000000, 'meter_counter', d.quality, ${clock.now()}::timestamptz
      from station s
      cross join unnest(${['2025-06-01', '2025-06-02', '2025-06-03']}::text[],
        ${['measured', 'estimated', 'incomplete']}::text[]) as d (day, quality)
      where s.code = ${station.code}`);
    const month = await months.read({ station: station.code, month: '2025-06' });
    expect(month.days).toHaveLength(30);
    expect(month.days.slice(0, 4).map(({ use, energyWh }) => [use, energyWh])).toEqual([
      ['counted', '1000000'],
      ['substitute', '1000000'],
      ['unknown', '1000000'],
      ['unknown', null],
    ]);
    expect(month.match.meteredWh).toBeNull();
    expect(month.statements.map(({ kind, version }) => [kind, version])).toEqual([
      ['stated', 1],
      ['reversal', 1],
      ['stated', 2],
    ]);
    await matching.sign(
      { station: station.code, month: '2025-06' },
      { reasonCode: 'grid_error', note: '供电公司已来函' },
      actor,
    );
    const signed = await months.read({ station: station.code, month: '2025-06' });
    expect(signed.signatures[0]).toMatchObject({
      reasonCode: 'grid_error',
      note: '供电公司已来函',
      signedBy: '结算员甲',
    });
    await expect(months.read({ station: 'none', month: '2025-06' })).rejects.toMatchObject({
      code: 'registry.unknown_place',
    });
  });
});

describe('lines of the bank', () => {
  const entry = (bankReference: string, bookedOn: string, amountFen: string) => ({
    county,
    bankAccount: '0512-1',
    bankReference,
    bookedOn,
    amountFen,
    payer: null,
    purpose: null,
  });

  it('are summed over all pages and run a clock of ten working days', async () => {
    // 2025-07-01 is a Tuesday; ten working days after it is the 15th.
    await receipts.enter([entry('R1', '2025-07-01', '1062400'), entry('R2', '2025-06-02', '5')], actor);
    const first = await receipts.list({ county, state: 'all', page: 1, pageSize: 1 });
    expect(first.total).toBe(2);
    expect(first.sums).toMatchObject({ amountFen: '1062405', openFen: '1062405', givenOutFen: '0' });
    expect(first.items[0]).toMatchObject({ ageDays: 4, transferDueOn: '2025-07-15', workingDaysLeft: 7 });
    const late = await receipts.list({ county, state: 'all', month: '2025-06', page: 1, pageSize: 10 });
    expect(late.items.map(({ bankReference }) => bankReference)).toEqual(['R2']);
    expect(late.items[0]?.workingDaysLeft).toBeLessThan(0);
  });

  it('run the clock of the rules of their county', async () => {
    const policies = new SettlementPolicyService(database, clock);
    const rules = {
      areaCode: county,
      documentNumber: '县光伏办〔2025〕1号',
      minimumPercent: '80',
      allowedUses: ['posts' as const],
      costs: [],
      amountToleranceFen: '1',
      energyWarnPercent: '3',
      energyAlarmPercent: '8',
      noticeDays: 7,
      lookBackMonths: 12,
      transferWorkingDays: 5,
      isConfirmed: true,
      effectiveFrom: '2025-07-01',
    };
    await policies.enter(rules, actor);
    const { items } = await receipts.list({ county, state: 'all', page: 1, pageSize: 1 });
    expect(items[0]).toMatchObject({ transferDueOn: '2025-07-08', workingDaysLeft: 2 });
  });

  it('are open until they are matched, and show what they pay also after it was taken back', async () => {
    const { items } = await receipts.list({ county, state: 'all', month: '2025-07', page: 1, pageSize: 1 });
    const id = BigInt(items[0]?.id ?? '0');
    const preview = await receipts.match(id, { component: 'base', pinned: [] }, actor);
    await receipts.match(id, { component: 'base', pinned: [], confirm: preview.matchHash }, actor);
    const open = await receipts.list({ county, state: 'open', page: 1, pageSize: 10 });
    expect(open.items.map(({ bankReference }) => bankReference)).toEqual(['R2']);
    expect((await receipts.line(id)).matches).toMatchObject([
      { stationCode: station.code, month: '2025-06', amountFen: '1062400', isTakenBack: false, runId: null },
    ]);
    expect((await papers.list({ ...QUERY, show: 'open', county })).items).toEqual([]);
    await receipts.unmatch(id, '核销有误', actor);
    expect((await receipts.line(id)).matches.map(({ isTakenBack }) => isTakenBack)).toEqual([true]);
    expect((await papers.list({ ...QUERY, show: 'open', county })).items).toHaveLength(1);
    await expect(receipts.line(999n)).rejects.toMatchObject({ code: 'receipt.unknown_line' });
  });

  it('of a year without its list of days off have no clock', async () => {
    await receipts.enter([entry('R3', '2014-03-03', '7')], actor);
    const old = await receipts.list({ county, state: 'all', month: '2014-03', page: 1, pageSize: 1 });
    expect(old.items[0]).toMatchObject({ transferDueOn: null, workingDaysLeft: null });
    expect(addDays('2014-03-03', old.items[0]?.ageDays ?? 0)).toBe('2025-07-05');
  });
});
