import { describe, expect, it } from 'vitest';
import { daysBetween, monthRange } from '#domain';
import { sql } from '#persistence';
import { generateRegistry, writeSnapshot } from '#registry';
import { testDatabase } from '#test-support';
import { dayIndexOf, TruthModel } from '#simulation';
import { Desk } from './desk.ts';
import { expectedLedger } from './expected-ledger.ts';
import { issueMonth, placeFaults, type PaperFault } from './paper-faults.ts';
import { papersOf } from './papers.ts';
import { bankLines, statementFiles } from './statement-files.ts';

/** Files of the simulation through the whole of the product: import, match, receipts, run, ledger. */

const MONTHS = ['2026-04', '2026-05'];
const COUNTIES = ['141124', '141126', '141128'];
const full = generateRegistry(1);
const countyOf = new Map(full.townships.map(({ code, countyCode }) => [code, countyCode]));
const registry = {
  ...full,
  stations: COUNTIES.flatMap((county) =>
    full.stations.filter(({ townshipCode }) => countyOf.get(townshipCode) === county).slice(0, 5),
  ),
};
const countyNames = new Map(full.counties.map(({ code, name }) => [code, name]));
const truth = new TruthModel({ seed: 1, registry, faults: 'none' });
const database = await testDatabase();
await writeSnapshot(database, registry, { simulated: true, seed: 1 });
for (const month of MONTHS) {
  const range = monthRange(month);
  for (const station of truth.plant.stations) {
    const days = daysBetween(range.from, range.to);
    const energiesWh = days.map((day) => truth.stationDayWh(station, dayIndexOf(day)));
    await database.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select s.id, d.day, d.energy_wh, 'simulated', 'measured', now()
      from station s
      cross join unnest(${days}::date[], ${energiesWh.map(String)}::bigint[]) as d (day, energy_wh)
      where s.code = ${station.code}`);
  }
}

const people = {
  maker: { accountId: 'sim-clerk', name: '模拟经办' },
  checker: { accountId: 'sim-checker', name: '模拟复核' },
};
const stationsOf = (county: string) =>
  registry.stations
    .filter(({ townshipCode }) => countyOf.get(townshipCode) === county)
    .map(({ code }) => code);
const faults: PaperFault[] = [
  ...placeFaults(['unit_slip', 'missing_statement', 'wrong_tariff'], {
    seed: 3,
    month: '2026-05',
    stationCodes: stationsOf('141124'),
  }),
  ...placeFaults(['double_line', 'corrected'], {
    seed: 3,
    month: '2026-05',
    stationCodes: stationsOf('141128'),
  }),
  ...placeFaults(['late_subsidy'], { seed: 3, month: '2026-05', stationCodes: stationsOf('141126') }),
];
const issued = MONTHS.map((month) => issueMonth(month, papersOf(truth, registry, month), faults));
const expected = expectedLedger(issued, registry);
const desk = new Desk(database, people, '2026-05-03');
const faultOf = (kind: PaperFault['kind']) => {
  const fault = faults.find((each) => each.kind === kind);
  if (!fault) throw new Error(`no ${kind}`);
  return fault;
};

async function matchOf({ stationCode, month }: PaperFault) {
  const { items } = await desk.matching.list({ county: stationCode.slice(0, 6), month });
  return items.find((item) => item.stationCode === stationCode);
}

describe('papers of a simulated month through the product', () => {
  it('are taken in, and what is wrong with a file is found by the import', async () => {
    for (const month of ['2026-05', '2026-06']) await desk.openPeriod(month);
    await desk.enterDemoPolicy('2026-01-01');
    desk.goTo('2026-06-03');
    const problems: string[] = [];
    let corrected = 0;
    // Each county has a layout of its own, in turn.
    for (const month of issued)
      for (const file of await statementFiles(month, { layout: null, format: null, countyNames })) {
        const report = await desk.takeIn(file);
        expect(report.applied).toBe(true);
        problems.push(...report.problems.map(({ code }) => code));
        corrected += report.correctedCount;
        expect(report.correctedCount > 0).toBe(file.isCorrection);
      }
    // One row with two components stands twice.
    expect(problems).toEqual(['import.duplicate_row', 'import.duplicate_row']);
    expect(corrected).toBe(2);
  });

  it('shows units, tariffs and papers that are missing in the match', async () => {
    const slipped = await matchOf(faultOf('unit_slip'));
    expect(slipped?.state).toBe('needs_reason');
    expect(slipped?.findings.map(({ reason }) => reason)).toContain('match.energy_alarm');
    const mispriced = await matchOf(faultOf('wrong_tariff'));
    expect(mispriced?.findings).toMatchObject([{ reason: 'match.amount_differs', component: 'subsidy' }]);
    expect((await matchOf(faultOf('missing_statement')))?.state).toBe('missing');
    for (const kind of ['corrected', 'double_line', 'late_subsidy'] as const)
      expect((await matchOf(faultOf(kind)))?.state).toBe('matched');
  });

  it('receives to the fen, and leaves what came for a paper that nobody has', async () => {
    let unmatchedFen = 0n;
    for (const line of bankLines(issued)) {
      desk.goTo(line.bookedOn);
      const [id = 0n] = await desk.enter([line]);
      const report = await desk.match(id, line.component);
      unmatchedFen += BigInt(report?.unmatchedFen ?? line.amountFen);
    }
    expect(unmatchedFen).toBe(expected.totals.unmatchedFen);
    expect(unmatchedFen).toBeGreaterThan(0n);
    const open = await matchOf(faultOf('late_subsidy'));
    const subsidy = open?.streams.find(({ component }) => component === 'subsidy');
    expect(subsidy).toMatchObject({ openFen: subsidy?.statedFen, age: 'to_30' });
  });

  it('gives out to villages what may be given out, and the ledger says what the truth says', async () => {
    for (const county of COUNTIES) {
      const run = await desk.propose(county, `round-trip/${county}`);
      if (!run) throw new Error('nothing was received');
      expect((await desk.approve(run)).state).toBe('approved');
      const heldStations = run.held.map(({ stationCode }) => stationCode);
      const isOfCounty = ({ stationCode }: PaperFault) => stationCode.startsWith(county);
      const wantedHeld = [faultOf('unit_slip'), faultOf('wrong_tariff')].filter(isOfCounty);
      expect(new Set(heldStations)).toEqual(new Set(wantedHeld.map(({ stationCode }) => stationCode)));
    }
    const balances = await desk.ledger.balances();
    expect(Object.fromEntries(balances.map(({ code, balanceFen }) => [code, balanceFen]))).toEqual(
      expected.balances,
    );
    expect(await desk.ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('passes on to the accounts of villages what was given out, once', async () => {
    desk.goTo('2026-06-22');
    for (const county of COUNTIES)
      expect(await desk.transfer(county, `round-trip/${county}`)).toBeGreaterThan(0);
    for (const county of COUNTIES) expect(await desk.transfer(county, `again/${county}`)).toBe(0);
    const balances = await desk.ledger.balances();
    const sumOf = (kind: string) =>
      balances.filter((each) => each.kind === kind).reduce((sum, { balanceFen }) => sum + balanceFen, 0n);
    expect(sumOf('village')).toBe(0n);
    expect(sumOf('agency')).toBe(expected.totals.receivedFen - expected.totals.allocatedFen);
  });
});
