import { beforeAll, describe, expect, it } from 'vitest';
import { addDays, dayStartMs } from '#domain';
import { RollUpService } from '#monitoring';
import { Database, migrate, postgresError, sql, TimeSeriesDays, TimeSeriesKeeping } from '#persistence';
import { Clock } from '#platform';
import { createTestDatabase, startApacheTimescale, testEngines } from '#test-support';
import { evenDays, meterOf, writeSmallFleet, type SmallFleet } from './small-fleet.ts';
import { countsOf, energyRows, rowsBetween } from './time-series-rows.ts';

const engines = await Promise.all(
  testEngines().map(async (engine) => ({
    engine,
    compressed: await createTestDatabase({ engine }),
    dropped: await createTestDatabase({ engine }),
    shared: await createTestDatabase({ engine }),
  })),
);
const stillClock = (instant: string) => new Clock({ startAt: new Date(instant), speed: 1e-12 });
const bulkColumns = ['device_id', 'measured_at', 'received_at', 'active_power_w', 'string_currents_ca'];

/** A reading every five minutes of twenty devices that no station has. */
function* bulkRows(days: readonly string[], options: { offsetMs?: number } = {}) {
  for (const day of days)
    for (let device = 800_000; device < 800_020; device += 1)
      for (let minute = 0; minute < 1440; minute += 5) {
        const at = new Date(dayStartMs(day) + minute * 60_000 + (options.offsetMs ?? 0));
        yield [device, at, at, minute, minute % 2 === 0 ? '{1,NULL}' : null] as const;
      }
}

describe.each(engines)('compression on $engine', ({ engine, compressed: { database } }) => {
  const isHypertable = engine === 'timescaledb';
  const keeping = new TimeSeriesKeeping(database);
  const days = ['2025-05-01', '2025-05-02', '2025-05-03', '2025-05-04'];
  const all = () => rowsBetween(database, '2025-04-30T00:00:00+08:00', '2025-05-06T00:00:00+08:00');
  let fleet: SmallFleet;
  let meter: { station: string; device: string };

  beforeAll(async () => {
    fleet = await writeSmallFleet(database);
    const [station] = fleet.neighbours;
    meter = { station: station.code, device: meterOf(station).code };
    await fleet.write(
      evenDays(fleet, station, {
        firstDay: '2025-05-01',
        untilMs: Date.parse('2025-05-04T19:00+08:00'),
        share: 0.5,
      }),
    );
    await new TimeSeriesDays(database).ensure(days);
    await database.copyInto({ table: 'reading', columns: bulkColumns, rows: bulkRows(days) });
  });

  it('leaves every row as it was, and says where there is nothing to compress', async () => {
    const before = await all();
    const first = await keeping.compressDaysBefore('2025-05-03');
    // Chunks are days of UTC: that of May 2nd ends on May 3rd at 08:00 in Shanghai.
    expect(first).toEqual(
      isHypertable ? { compressed: 2, notCompressed: null } : { compressed: 0, notCompressed: 'native' },
    );
    expect(await all()).toEqual(before);
    const sizes = await keeping.sizes();
    expect(sizes.engine).toBe(isHypertable ? 'timescaledb' : 'native');
    expect(sizes.compressedParts).toBe(isHypertable ? 2 : 0);
    expect(sizes.parts).toBe(isHypertable ? 5 : 4);
    expect(sizes.totalBytes).toBeGreaterThan(0);
    if (isHypertable) expect(sizes.afterBytes).toBeLessThan(sizes.beforeBytes / 2);
    expect((await keeping.compressDaysBefore('2025-05-03')).compressed).toBe(0);
  });

  it('takes late readings, refuses doubles and fills in what was unknown, in compressed days too', async () => {
    const late = fleet.reading(meter, '2025-05-01T12:01:30+08:00', { activePowerW: 4 });
    const partly = fleet.reading(meter, '2025-05-01T12:02:30+08:00');
    const full = fleet.reading(meter, '2025-05-01T12:02:30+08:00', { activePowerW: 9 });
    const stored = fleet.reading(meter, '2025-05-01T12:00:00+08:00');
    const [counted] = await countsOf(database, '2025-05-01');
    expect(await fleet.write([late, partly])).toEqual({ accepted: 2, duplicate: 0 });
    await keeping.compressDaysBefore('2025-05-03');
    expect(await fleet.write([late, stored])).toEqual({ accepted: 0, duplicate: 2 });
    expect(await fleet.write([full])).toEqual({ accepted: 1, duplicate: 0 });
    const rows = await rowsBetween(database, '2025-05-01T12:00:00+08:00', '2025-05-01T12:05:00+08:00');
    const own = rows.filter(({ device_id }) => device_id === late.device.deviceId);
    expect(own).toMatchObject([{}, { active_power_w: 4 }, { active_power_w: 9 }]);
    expect(own).toHaveLength(3);
    expect(counted).toBeDefined();
  });

  it('counts right after a bulk back-fill into compressed days, and compresses them again', async () => {
    const count = async () => {
      const [row] = await database.query<{ rows: number; power: number }>(sql`
        select count(*)::int as rows, sum(active_power_w)::int as power
        from reading
        where device_id >= 800000 and measured_at >= '2025-04-30T00:00:00+08:00'
          and measured_at < '2025-05-06T00:00:00+08:00'`);
      return row;
    };
    const copy = (rows: Iterable<ReturnType<typeof bulkRows> extends Generator<infer R> ? R : never>) =>
      database.copyMissing({ table: 'reading', columns: bulkColumns, rows });
    expect(await count()).toEqual({ rows: 23_040, power: 4 * 4_132_800 });
    // What is there already, and as much again a minute later.
    expect(await copy(bulkRows(days))).toBe(0);
    expect(await copy(bulkRows(days, { offsetMs: 60_000 }))).toBe(23_040);
    expect(await count()).toEqual({ rows: 46_080, power: 8 * 4_132_800 });
    const before = await all();
    expect((await keeping.compressDaysBefore('2025-05-03')).compressed).toBe(isHypertable ? 2 : 0);
    expect(await all()).toEqual(before);
    expect((await keeping.compressDaysBefore('2025-05-03')).compressed).toBe(0);
  });

  it('corrects a row of a compressed day in place', async () => {
    const { device } = fleet.reading(meter, 0);
    const corrected = await database.query<{ power: number }>(sql`
      update reading set active_power_w = 77
      where device_id = ${device.deviceId} and measured_at = '2025-05-01T10:00:00+08:00'::timestamptz
      returning active_power_w as power`);
    expect(corrected).toEqual([{ power: 77 }]);
    const rows = await rowsBetween(database, '2025-05-01T10:00:00+08:00', '2025-05-01T10:00:01+08:00');
    expect(rows.filter(({ device_id }) => device_id === device.deviceId)).toMatchObject([
      { active_power_w: 77 },
    ]);
  });
});

describe.each(engines)('retention on $engine', ({ engine, dropped: { database } }) => {
  const keeping = new TimeSeriesKeeping(database);
  const rollUp = new RollUpService(database, stillClock('2025-04-20T12:00:00+08:00'));
  let fleet: SmallFleet;
  const settle = async () => {
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
  };
  const rowsOfDay = (day: string) =>
    rowsBetween(database, `${day}T00:00:00+08:00`, `${addDays(day, 1)}T00:00:00+08:00`);
  const marked = () => database.query<{ day: string }>(sql`select day from dirty_station_day order by day`);

  beforeAll(async () => {
    fleet = await writeSmallFleet(database);
    const [station] = fleet.neighbours;
    const share = 0.5;
    await fleet.write([
      ...evenDays(fleet, station, {
        firstDay: '2025-01-01',
        untilMs: Date.parse('2025-01-05T20:00+08:00'),
        share,
      }),
      ...evenDays(fleet, fleet.stranger, {
        firstDay: '2025-04-18',
        untilMs: Date.parse('2025-04-19T20:00+08:00'),
        share,
      }),
    ]);
  });

  it('drops no day that a waiting station-day may need', async () => {
    const before = await rowsOfDay('2025-01-01');
    expect(await keeping.dropDaysBefore('2025-01-04')).toEqual({
      droppedBefore: '2024-11-27',
      dropped: 0,
      heldBack: { day: '2024-11-27', reason: 'dirty' },
    });
    expect(await rowsOfDay('2025-01-01')).toEqual(before);
  });

  it('drops no day that came in bulk and was never rolled up', async () => {
    await settle();
    const second = fleet.neighbours[1];
    const { device } = fleet.reading({ station: second.code, device: meterOf(second).code }, 0);
    const at = new Date('2025-01-02T12:00:00+08:00');
    await database.copyInto({
      table: 'reading',
      columns: bulkColumns,
      rows: [[device.deviceId, at, at, 5, null]],
    });
    const held = await keeping.dropDaysBefore('2025-01-04');
    expect(held).toMatchObject({
      droppedBefore: '2025-01-02',
      heldBack: { day: '2025-01-02', reason: 'not_rolled_up' },
    });
    expect(await rowsOfDay('2025-01-02')).not.toEqual([]);
    await database.query(
      sql`delete from reading where device_id = ${device.deviceId} and measured_at = ${at}::timestamptz`,
    );
  });

  it('drops old days whole, keeps every later one, and keeps all that was worked out', async () => {
    const kept = await rowsOfDay('2025-01-04');
    const [days, quarters] = [await energyRows(database, 'day'), await energyRows(database, 'quarter')];
    expect(days.filter(({ at }) => at < '2025-01-04')).toHaveLength(3);
    expect(await keeping.dropDaysBefore('2025-01-04')).toMatchObject({
      droppedBefore: '2025-01-04',
      heldBack: null,
    });
    expect(await rowsOfDay('2025-01-02')).toEqual([]);
    // The last chunk reaches from 08:00 of the 3rd to 08:00 of the 4th.
    const left = await rowsOfDay('2025-01-03');
    if (engine === 'embedded') expect(left).toEqual([]);
    else expect(left.every(({ measured_at }) => measured_at >= new Date('2025-01-03T00:00:00Z'))).toBe(true);
    expect(await rowsOfDay('2025-01-04')).toEqual(kept);
    expect(await energyRows(database, 'day')).toEqual(days);
    expect(await energyRows(database, 'quarter')).toEqual(quarters);
    expect(await keeping.dropDaysBefore('2025-01-01')).toMatchObject({ droppedBefore: '2025-01-04' });
  });

  it('refuses aloud what would work out a dropped day again, and leaves its energy alone', async () => {
    const [station] = fleet.neighbours;
    const days = await energyRows(database, 'day');
    const late = (day: string) =>
      fleet.reading({ station: station.code, device: meterOf(station).code }, `${day}T12:01:00+08:00`, {
        energyTotalWh: 1,
      });
    for (const day of ['2025-01-02', '2025-02-07']) {
      const refused = await fleet.write([late(day)]).catch((error: unknown) => postgresError(error));
      expect(refused).toEqual({ code: '23514', constraint: 'dirty_station_day_kept' });
      expect(await rowsOfDay(day)).toEqual(
        expect.not.arrayContaining([expect.objectContaining({ energy_total_wh: 1n })]),
      );
    }
    expect(await marked()).toEqual([]);
    expect(await fleet.write([late('2025-02-08')])).toEqual({ accepted: 1, duplicate: 0 });
    expect(await marked()).toEqual([{ day: '2025-02-08' }]);
    await settle();
    expect((await energyRows(database, 'day')).filter(({ at }) => at < '2025-02-01')).toEqual(
      days.filter(({ at }) => at < '2025-02-01'),
    );
  });

  it('leaves out a mark that only comes from a neighbouring day', async () => {
    const mark = (day: string) =>
      database.query<{ day: string }>(sql`
        insert into dirty_station_day (station_id, day, marked_at, spreads)
        select id, ${day}::date, now(), false from station order by id limit 1
        returning day`);
    expect(await mark('2025-01-20')).toEqual([]);
    expect(await mark('2025-03-20')).toEqual([{ day: '2025-03-20' }]);
  });
});

describe.each(engines)('the nightly turn on $engine', ({ shared: { database, url } }) => {
  const at = new Date('2025-05-01T18:30:00Z');

  it('is taken by one of several programs, once a day', async () => {
    const pools = Array.from({ length: 3 }, () =>
      Database.connect({ url, applicationName: 'test', poolMax: 2 }),
    );
    let runs = 0;
    const work = async () => ({ run: (runs += 1) });
    try {
      const turns = await Promise.all(
        pools.map((pool) => new TimeSeriesKeeping(pool).runOnceFor('2025-05-02', { at, work })),
      );
      expect(turns.filter((outcome) => outcome !== null)).toEqual([{ run: 1 }]);
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
    const keeping = new TimeSeriesKeeping(database);
    expect(await keeping.lastRun()).toEqual({ day: '2025-05-02', at, outcome: { run: 1 } });
    expect(await keeping.runOnceFor('2025-05-02', { at, work })).toBeNull();
    expect(await keeping.runOnceFor('2025-05-01', { at, work })).toBeNull();
  });

  it('comes again where it failed', async () => {
    const keeping = new TimeSeriesKeeping(database);
    const failed = keeping.runOnceFor('2025-05-03', {
      at,
      work: () => Promise.reject(new Error('no room')),
    });
    await expect(failed).rejects.toThrow('no room');
    expect((await keeping.lastRun())?.day).toBe('2025-05-02');
    expect(await keeping.runOnceFor('2025-05-03', { at, work: async () => 'done' })).toBe('done');
  });
});

describe('the Apache edition of TimescaleDB', () => {
  it('compresses nothing, says so, and does all else', async ({ skip }) => {
    const server = await startApacheTimescale();
    if (server === null)
      return skip('NOT proven by this run: no TimescaleDB beside the PostgreSQL of this machine');
    const database = Database.connect({ url: server.url, applicationName: 'test', poolMax: 2 });
    try {
      await migrate(server.url);
      const keeping = new TimeSeriesKeeping(database);
      const days = ['2025-05-01', '2025-05-02', '2025-05-03'];
      await new TimeSeriesDays(database).ensure(days);
      const copy = { table: 'reading', columns: bulkColumns, rows: bulkRows(days) };
      expect(await database.copyMissing(copy)).toBe(17_280);
      expect(await keeping.compressDaysBefore('2025-05-03')).toEqual({
        compressed: 0,
        notCompressed: 'licence',
      });
      expect(await keeping.sizes()).toMatchObject({ engine: 'timescaledb', parts: 4, compressedParts: 0 });
      expect(await keeping.dropDaysBefore('2025-05-03')).toMatchObject({
        droppedBefore: '2025-05-03',
        dropped: 2,
      });
      expect((await keeping.sizes()).parts).toBe(2);
    } finally {
      await database.close();
      await server.stop();
    }
  });
});
