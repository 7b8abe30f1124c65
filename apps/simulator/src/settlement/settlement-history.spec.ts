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
const firstOf = new Map(full.stations.map((station) => [station.townshipCode.slice(0, 6), station]));
const registry = { ...full, stations: [...firstOf.values()] };
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
    expect(states.get('approved')).toBeGreaterThan(11 * registry.stations.length);
    expect(states.get('proposed')).toBeGreaterThan(0);
    const [open] = await database.query<{ lines: number }>(sql`
      select count(*)::int as lines
      from bank_line b
      where not exists (select 1 from receipt_match m where m.bank_line_id = b.id)`);
    // Every fourth county of the last month, and the one whose only paper is missing.
    expect(open?.lines).toBe(Math.floor(registry.stations.length / 4) + 1);
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
