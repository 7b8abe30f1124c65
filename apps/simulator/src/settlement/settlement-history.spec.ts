import { describe, expect, it } from 'vitest';
import { daysBetween } from '#domain';
import { LedgerService } from '#ledger';
import { sql } from '#persistence';
import { Clock, createLogger } from '#platform';
import { generateRegistry, writeSnapshot } from '#registry';
import { testDatabase } from '#test-support';
import { dayIndexOf, TruthModel } from '#simulation';
import { writeSettlementHistory } from './settlement-history.ts';

const full = generateRegistry(1);
/** Five counties are enough for each of them to be left in another state. */
const counties = full.counties.slice(0, 5);
const registry = {
  ...full,
  counties,
  townships: full.townships.filter(({ countyCode }) => counties.some(({ code }) => code === countyCode)),
  villages: full.villages.filter(({ code }) => counties.some((county) => code.startsWith(county.code))),
  // Three each, so that a paper that is wrong does not hold back the whole county.
  stations: counties.flatMap(({ code }) =>
    full.stations.filter(({ townshipCode }) => townshipCode.startsWith(code)).slice(0, 3),
  ),
};
const truth = new TruthModel({ seed: 1, registry, faults: 'none' });
const database = await testDatabase();
await writeSnapshot(database, registry, { simulated: true, seed: 1 });
const days = daysBetween('2025-06-01', '2026-06-01');
for (const station of truth.plant.stations)
  await database.query(sql`
    insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
    select s.id, d.day, d.energy_wh, 'simulated', 'measured', now()
    from station s
    cross join unnest(${days}::date[],
      ${days.map((day) => String(truth.stationDayWh(station, dayIndexOf(day))))}::bigint[]) as d (day, energy_wh)
    where s.code = ${station.code}`);

const clock = new Clock({ startAt: new Date('2026-06-25T10:00:00+08:00'), speed: 0.1 });
const options = {
  database,
  truth,
  registry,
  clock,
  logger: createLogger('simulator', { PV_LOG_LEVEL: 'error' }),
  monthCount: 12,
  signal: new AbortController().signal,
};
const ledger = new LedgerService(database, clock);

async function runStates() {
  const rows = await database.query<{ state: string; runs: number }>(sql`
    select r.state, count(*)::int as runs from allocation_run r group by r.state`);
  return new Map(rows.map(({ state, runs }) => [state, runs]));
}

async function periods() {
  const rows = await database.query<{ month: string; state: string }>(sql`
    select month, state from ledger_period order by month`);
  return rows.map(({ month, state }) => `${month} ${state}`);
}

describe('the past of the money of a demo', () => {
  it('goes on where it was broken off', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    await writeSettlementHistory({ ...options, signal: stop.signal }).catch(() => 0);
    expect(await writeSettlementHistory(options)).toBeGreaterThan(60);
  });

  it('has twelve months, of which all but the last are through', async () => {
    expect(await periods()).toHaveLength(12);
    expect((await periods()).slice(-3)).toEqual(['2026-04 closed', '2026-05 open', '2026-06 open']);
    const states = await runStates();
    expect(states.get('approved')).toBeGreaterThanOrEqual(11 * counties.length);
    expect(states.get('proposed')).toBeGreaterThan(0);
    const [sent] = await database.query<{ months: number; waiting: number }>(sql`
      select count(distinct to_char(t.transferred_on, 'YYYY-MM'))::int as months,
        (select count(*) from village_money m where m.transfer_id is null)::int as waiting
      from village_transfer t
      where t.state = 'confirmed'`);
    expect(sent?.months).toBe(11);
    expect(sent?.waiting).toBeGreaterThan(0);
    const [open] = await database.query<{ lines: number }>(sql`
      select count(*)::int as lines
      from bank_line b
      where not exists (select 1 from receipt_match m where m.bank_line_id = b.id)`);
    // Every fourth county of the last month.
    expect(open?.lines).toBe(1);
    expect(await ledger.verifyChain()).toMatchObject({ state: 'whole' });
  });

  it('says of every paper and line that it is simulated', async () => {
    const [named] = await database.query<{ others: number }>(sql`
      select (select count(*) from statement_import where file_name not like '模拟-%')::int
        + (select count(*) from bank_line where purpose not like '%模拟数据%')::int
        + (select count(*) from grid_statement where kind = 'stated' and handled_by <> '模拟数据')::int as others`);
    expect(named?.others).toBe(0);
  });

  it('writes nothing a second time', async () => {
    const [before] = await ledger.balances();
    expect(await writeSettlementHistory(options)).toBe(0);
    expect((await ledger.balances())[0]).toEqual(before);
  });
});
