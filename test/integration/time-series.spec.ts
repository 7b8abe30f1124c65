import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  fleetSchema,
  stationDetailSchema,
  stationEnergySchema,
  stationListQuerySchema,
  stationListSchema,
  stationPowerSchema,
} from '#contracts';
import { addDays, dayStartMs } from '#domain';
import { ReadingRepository, type ReceivedReading } from '#ingestion';
import { FleetService, RollUpService, StateService, StationService } from '#monitoring';
import {
  Database,
  isBadValue,
  migrate,
  postgresError,
  sql,
  timeSeriesEngine,
  TimeSeriesDays,
} from '#persistence';
import { Clock, readEnvironment } from '#platform';
import { createTestDatabase, testEngines } from '#test-support';
import { evenDays, meterOf, stepWh, writeSmallFleet, type SmallFleet } from './small-fleet.ts';
import {
  columnsOf,
  constraintsOf,
  countsOf,
  energyRows,
  expectedState,
  indexesOf,
  rowsBetween,
  sameOnEveryEngine,
  withoutRealTime,
  writtenState,
} from './time-series-rows.ts';

/**
 * One contract for both engines (docs/adr/0003): hypertables of TimescaleDB and native partitions take the same rows
 * and give the same answers. Where a run has no TimescaleDB, it says so in the end.
 */
const engines = await Promise.all(
  testEngines().map(async (engine) => ({
    engine,
    blank: await createTestDatabase({ engine, migrated: false }),
    written: await createTestDatabase({ engine }),
    watched: await createTestDatabase({ engine }),
  })),
);
/** Stands still, to the millisecond, but has a speed as every clock has. */
const stillClock = (instant: string) => new Clock({ startAt: new Date(instant), speed: 1e-12 });

describe.each(engines)('migrations on $engine', ({ engine, blank }) => {
  it('build the schema once, from three programs at once, and find nothing to do afterwards', async () => {
    const runs = await Promise.all([migrate(blank.url), migrate(blank.url), migrate(blank.url)]);
    const [worked, ...waited] = runs.map(({ applied }) => applied).toSorted((a, b) => b.length - a.length);
    expect(worked).toContain('0000_time_series');
    expect(waited).toEqual([[], []]);
    expect(await migrate(blank.url)).toEqual({ applied: [] });
    sameOnEveryEngine('migrations', engine, worked);
  });

  it('keep the readings by days, in the way of the engine', async () => {
    expect(await timeSeriesEngine(blank.database)).toBe(engine === 'embedded' ? 'native' : 'timescaledb');
    const kept =
      engine === 'embedded'
        ? sql`select partstrat as by from pg_partitioned_table where partrelid = 'reading'::regclass`
        : sql`select time_interval::text as by from timescaledb_information.dimensions
            where hypertable_name = 'reading' and column_name = 'measured_at'`;
    expect(await blank.database.query(kept)).toEqual([{ by: engine === 'embedded' ? 'r' : '1 day' }]);
  });

  it('leave a table that was partitioned before the extension came as it is, and make room in it', async () => {
    await blank.database.query(sql`create table early (at timestamptz not null) partition by range (at)`);
    await blank.database.query(sql`select pv_ensure_day('early', '2026-01-01'::date)`);
    await blank.database.query(
      sql`insert into early values ('2025-12-31T16:00:00Z'), ('2026-01-01T15:59:59Z')`,
    );
    expect(await blank.database.query(sql`select count(*)::int as rows from early_20260101`)).toEqual([
      { rows: 2 },
    ]);
  });

  it('make the same columns, constraints and indexes', async () => {
    sameOnEveryEngine('columns', engine, await columnsOf(blank.database));
    sameOnEveryEngine('constraints', engine, await constraintsOf(blank.database));
    sameOnEveryEngine('indexes', engine, await indexesOf(blank.database));
    expect(await indexesOf(blank.database)).toContainEqual({ table: 'reading', index: 'reading_pkey' });
  });
});

describe.each(engines)('readings on $engine', ({ engine, written: { database, url } }) => {
  let fleet: SmallFleet;
  let meter: { station: string; device: string };
  let inverter: { station: string; device: string };

  beforeAll(async () => {
    fleet = await writeSmallFleet(database);
    const [station] = fleet.neighbours;
    const found = station.devices.find(({ kind }) => kind === 'inverter');
    meter = { station: station.code, device: meterOf(station).code };
    inverter = { station: station.code, device: found?.code ?? '' };
  });

  it('are written once, with arrays and unknown values, whatever else is in the batch', async () => {
    const full = fleet.reading(inverter, '2026-01-10T10:00:00+08:00', {
      activePowerW: -5,
      energyTotalWh: 9_007_199_254_740_991,
      energyDayWh: 0,
      temperatureDc: -215,
      frequencyChz: 5001,
      lineVoltagesDv: [3801, null, 3799],
      phaseCurrentsCa: [70_000, 0, null],
      stringVoltagesDv: [],
      stringCurrentsCa: [null],
      status: 'limited',
      faultCode: '故障\t\\N',
      seq: 7,
      flags: 1,
    });
    const blankOne = fleet.reading(meter, '2026-01-10T10:00:00+08:00');
    expect(await fleet.write([full])).toEqual({ accepted: 1, duplicate: 0 });
    expect(await fleet.write([full])).toEqual({ accepted: 0, duplicate: 1 });
    // One that is there, one that is new, and the new one once more.
    expect(await fleet.write([full, blankOne, blankOne])).toEqual({ accepted: 1, duplicate: 2 });
    const rows = await rowsBetween(database, '2026-01-10T00:00:00+08:00', '2026-01-11T00:00:00+08:00');
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({
      device_id: full.device.deviceId,
      measured_at: new Date('2026-01-10T02:00:00Z'),
      received_at: new Date('2026-01-10T02:00:01Z'),
      active_power_w: -5,
      energy_total_wh: 9_007_199_254_740_991n,
      energy_day_wh: 0,
      temperature_dc: -215,
      frequency_chz: 5001,
      line_voltages_dv: [3801, null, 3799],
      phase_currents_ca: [70_000, 0, null],
      string_voltages_dv: [],
      string_currents_ca: [null],
      status: 2,
      fault_code: '故障\t\\N',
      seq: 7n,
      flags: 1,
    });
    expect(rows).toContainEqual(
      expect.objectContaining({
        device_id: blankOne.device.deviceId,
        active_power_w: null,
        line_voltages_dv: null,
      }),
    );
    sameOnEveryEngine('rows', engine, rows);
    expect(await countsOf(database, '2026-01-10')).toEqual([{ accepted: 2n, duplicate: 3n }]);
  });

  it('are refused as a whole where one of them cannot be kept', async () => {
    const good = fleet.reading(meter, '2026-01-12T10:00:00+08:00');
    const bad = fleet.reading(inverter, '2026-01-12T10:00:00+08:00', { temperatureDc: 40_000 });
    await expect(fleet.write([good, bad])).rejects.toSatisfy(isBadValue);
    expect(await rowsBetween(database, '2026-01-12T00:00:00+08:00', '2026-01-13T00:00:00+08:00')).toEqual([]);
    expect(await countsOf(database, '2026-01-12')).toEqual([]);
  });

  it('belong to their Shanghai day to the millisecond, in whatever zone the server lives', async () => {
    const elsewhere = new URL(url);
    elsewhere.searchParams.set('options', '-c TimeZone=America/Los_Angeles');
    const foreign = Database.connect({ url: elsewhere.href, applicationName: 'test', poolMax: 1 });
    try {
      await new TimeSeriesDays(foreign).ensure(['2026-01-20', '2026-01-21']);
      await new ReadingRepository(foreign).write({
        readings: [
          fleet.reading(meter, '2026-01-20T23:59:59.999+08:00', { seq: 1 }),
          fleet.reading(meter, '2026-01-21T00:00:00.000+08:00', { seq: 2 }),
          fleet.reading(meter, '2026-01-21T23:59:59.999+08:00', { seq: 3 }),
        ],
        gatewayChanges: [],
        quarantined: [],
      });
    } finally {
      await foreign.close();
    }
    expect(await countsOf(database, '2026-01-20')).toEqual([{ accepted: 1n, duplicate: 0n }]);
    expect(await countsOf(database, '2026-01-21')).toEqual([{ accepted: 2n, duplicate: 0n }]);
    const ofDay = await rowsBetween(database, '2026-01-21T00:00:00+08:00', '2026-01-22T00:00:00+08:00');
    expect(ofDay.map(({ seq }) => seq)).toEqual([2n, 3n]);
  });

  it('find room for their day, also when two writers make it and write the same rows at once', async () => {
    const days = ['2026-02-10', '2026-02-11', '2026-02-12'];
    const readings = days.flatMap((day) =>
      Array.from({ length: 200 }, (_, index) => fleet.reading(meter, dayStartMs(day) + index * 60_000)),
    );
    const writer = async (own: readonly ReceivedReading[]) => {
      await new TimeSeriesDays(database).ensure(days);
      return new ReadingRepository(database).write({ readings: own, gatewayChanges: [], quarantined: [] });
    };
    const results = await Promise.all([writer(readings), writer(readings.toReversed())]);
    expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(600);
    expect(results.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(600);
    expect(await countsOf(database, '2026-02-11')).toEqual([{ accepted: 200n, duplicate: 200n }]);
    for (const day of days)
      expect(
        await rowsBetween(database, `${day}T00:00:00+08:00`, `${addDays(day, 1)}T00:00:00+08:00`),
      ).toHaveLength(200);
  });

  it('move what is shown as now forward only, and go to their old day when they are late', async () => {
    const at = (day: string, powerW: number) =>
      fleet.reading(inverter, `${day}T12:00:00+08:00`, { activePowerW: powerW });
    await fleet.write([at('2026-03-31', 31)]);
    expect(await fleet.write([at('2026-03-01', 1)])).toEqual({ accepted: 1, duplicate: 0 });
    await fleet.write([at('2026-03-31', 99)]);
    const now = () =>
      database.query(
        sql`select measured_at, active_power_w from latest_reading
          where device_id = ${at('2026-03-31', 0).device.deviceId}`,
      );
    expect(await now()).toEqual([{ measured_at: new Date('2026-03-31T04:00:00Z'), active_power_w: 31 }]);
    await fleet.write([at('2026-04-01', 41)]);
    expect(await now()).toEqual([{ measured_at: new Date('2026-04-01T04:00:00Z'), active_power_w: 41 }]);
    expect(
      await database.query(
        sql`select day, spreads from dirty_station_day where day between '2026-03-01' and '2026-04-01' order by day`,
      ),
    ).toEqual([
      { day: '2026-03-01', spreads: true },
      { day: '2026-03-31', spreads: true },
      { day: '2026-04-01', spreads: true },
    ]);
    const [old] = await rowsBetween(database, '2026-03-01T00:00:00+08:00', '2026-03-02T00:00:00+08:00');
    expect(old).toMatchObject({ active_power_w: 1 });
  });

  it('end in the same state in whatever order, batches and number of copies they come', async () => {
    const key = fc.record({ isMeter: fc.boolean(), minute: fc.integer({ min: -3, max: 3 }) });
    const batches = fc.array(fc.array(key, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 });
    const midnightMs = dayStartMs('2026-04-11');
    await new TimeSeriesDays(database).ensure(['2026-04-10', '2026-04-11']);
    await fc.assert(
      fc.asyncProperty(batches, async (sent) => {
        await database.query(sql`truncate reading, latest_reading, ingest_count, dirty_station_day`);
        const readings = sent.map((batch) =>
          batch.map(({ isMeter, minute }) =>
            fleet.reading(isMeter ? meter : inverter, midnightMs + minute * 60_000, { activePowerW: minute }),
          ),
        );
        for (const batch of readings) await fleet.write(batch);
        expect(await writtenState(database)).toEqual(expectedState(readings.flat()));
      }),
      { numRuns: 15 },
    );
  });
});

describe.each(engines)('bulk on $engine', ({ engine, written: { database } }) => {
  const columns = ['device_id', 'measured_at', 'received_at', 'active_power_w', 'string_currents_ca'];
  const days = ['2026-05-01', '2026-05-02', '2026-05-03'];
  const devices = Array.from({ length: 20 }, (_, index) => 800_000 + index);

  function* rowsOf(members: readonly string[]) {
    for (const day of members)
      for (const device of devices)
        for (let minute = 0; minute < 1440; minute += 5) {
          const at = new Date(dayStartMs(day) + minute * 60_000);
          yield [device, at, at, minute, minute % 2 === 0 ? '{1,NULL}' : null] as const;
        }
  }
  const perDay = async () =>
    database.query<{ day: string; rows: number; devices: number; power: number }>(sql`
      select (measured_at at time zone 'Asia/Shanghai')::date as day, count(*)::int as rows,
        count(distinct device_id)::int as devices, sum(active_power_w)::int as power
      from reading
      where measured_at >= '2026-05-01T00:00:00+08:00' and measured_at < '2026-05-04T00:00:00+08:00'
      group by 1
      order by 1`);
  const whole = (day: string) => ({ day, rows: 5760, devices: 20, power: 4_132_800 });

  it('is counted right, row by row, when it is copied, filled up and refused', async () => {
    const [first, second] = days;
    await new TimeSeriesDays(database).ensure(days);
    const copy = (members: readonly string[]) => ({ table: 'reading', columns, rows: rowsOf(members) });
    expect(await database.copyInto(copy(days.slice(0, 2)))).toBe(11_520);
    expect(await perDay()).toEqual(days.slice(0, 2).map(whole));
    expect(await database.copyMissing(copy(days))).toBe(5760);
    expect(await database.copyMissing(copy(days))).toBe(0);
    // A copy that meets one row that is there leaves nothing of itself behind.
    await database.query(
      sql`delete from reading where measured_at >= ${`${first}T00:00:00+08:00`}::timestamptz
        and measured_at < ${`${second}T00:00:00+08:00`}::timestamptz`,
    );
    const refused = database.copyInto(copy(days)).catch((error: unknown) => postgresError(error)?.code);
    expect(await refused).toBe('23505');
    expect(await perDay()).toEqual(days.slice(1).map(whole));
    expect(await database.copyMissing(copy(days))).toBe(5760);
    sameOnEveryEngine('bulk', engine, await perDay());
    expect(await perDay()).toEqual(days.map(whole));
  });
});

describe.each(engines)('energy on $engine', ({ engine, watched: { database } }) => {
  const clock = stillClock('2026-06-02T12:00:00+08:00');
  let fleet: SmallFleet;
  const rollUp = new RollUpService(database, clock);
  const services = () => {
    const fleetService = new FleetService(database, clock, readEnvironment({}));
    return { fleetService, stations: new StationService(database, clock, fleetService) };
  };
  const quarterWh = (index: 0 | 1 | 2, share: number) =>
    3 * stepWh(meterOf(fleet.neighbours[index]).ratedPowerW, share);

  beforeAll(async () => {
    fleet = await writeSmallFleet(database);
    const [first, second, third] = fleet.neighbours;
    const span = { firstDay: '2026-06-01', untilMs: clock.nowMs() };
    await fleet.write([
      ...evenDays(fleet, first, { ...span, share: 0.4 }),
      ...evenDays(fleet, second, { ...span, share: 0.4 }),
      ...evenDays(fleet, third, { ...span, share: 0.2 }),
      ...evenDays(fleet, fleet.stranger, {
        ...span,
        untilMs: Date.parse('2026-06-01T18:00:00+08:00'),
        share: 0.4,
      }),
    ]);
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
    const { fleetService } = services();
    await new StateService(database, clock, fleetService, rollUp).judgeStations();
  });

  it('is rolled up to the same quarter hours and days', async () => {
    const days = await energyRows(database, 'day');
    const quarters = await energyRows(database, 'quarter');
    const [first] = fleet.neighbours;
    expect(days.filter(({ code }) => code === first.code)).toEqual([
      // Twelve hours of sun, then six until noon.
      {
        code: first.code,
        at: '2026-06-01',
        wh: 48 * quarterWh(0, 0.4),
        method: 'meter_counter',
        quality: 'measured',
      },
      {
        code: first.code,
        at: '2026-06-02',
        wh: 24 * quarterWh(0, 0.4),
        method: 'meter_counter',
        quality: 'measured',
      },
    ]);
    const sunny = quarters.filter(({ code, wh }) => code === first.code && wh > 0);
    expect(sunny).toHaveLength(72);
    expect(new Set(sunny.map(({ wh }) => wh))).toEqual(new Set([quarterWh(0, 0.4)]));
    expect(days).toHaveLength(7);
    sameOnEveryEngine('days', engine, days);
    sameOnEveryEngine('quarter hours', engine, quarters);
  });

  it('adds up to the same overview of the city and of a county', async () => {
    const { fleetService } = services();
    const [first] = fleet.neighbours;
    const { items } = await services().stations.list(stationListQuerySchema.parse({ q: first.code }));
    const county = items[0]?.countyCode ?? '';
    const city = fleetSchema.parse(await fleetService.fleet(null));
    const ofCounty = fleetSchema.parse(await fleetService.fleet(county));
    const todayWh = 24 * (quarterWh(0, 0.4) + quarterWh(1, 0.4) + quarterWh(2, 0.2));
    expect(city.stations).toMatchObject({ total: 4, reporting: 3 });
    expect(city.stations.byState).toMatchObject({ generating: 2, low: 1, offline: 1 });
    expect(city.today.energyWh).toBe(todayWh);
    expect(city.curve.slots.filter(({ powerW }) => (powerW ?? 0) > 0)).toHaveLength(24);
    expect(city.curve.yesterday.filter(({ powerW }) => (powerW ?? 0) > 0)).toHaveLength(48);
    expect(ofCounty.stations.total).toBe(3);
    expect(await fleetService.fleet('999999')).toBeNull();
    sameOnEveryEngine('city', engine, withoutRealTime(city));
    sameOnEveryEngine('county', engine, withoutRealTime(ofCounty));
  });

  it('gives the same list and pages of stations', async () => {
    const { stations } = services();
    const [first, , third] = fleet.neighbours;
    const list = stationListSchema.parse(
      await stations.list(stationListQuerySchema.parse({ sort: 'hours', order: 'desc' })),
    );
    expect(list.items.map(({ code }) => code).slice(2)).toEqual([third.code, fleet.stranger.code]);
    const detail = stationDetailSchema.parse(await stations.detail(first.code));
    expect(detail.energy).toMatchObject({
      todayWh: 24 * quarterWh(0, 0.4),
      monthWh: 72 * quarterWh(0, 0.4),
      todayMethod: 'meter_counter',
    });
    const power = stationPowerSchema.parse(await stations.power(first.code, undefined));
    expect(power.slots.map(({ energyWh }) => energyWh)).toEqual([
      ...Array.from({ length: 24 }, () => 0),
      ...Array.from({ length: 24 }, () => quarterWh(0, 0.4)),
      ...Array.from({ length: 48 }, () => null),
    ]);
    const energy = stationEnergySchema.parse(
      await stations.energy(first.code, { from: '2026-05-31', to: '2026-06-03', by: 'day' }),
    );
    expect(energy.items.map(({ energyWh }) => energyWh)).toEqual([
      null,
      48 * quarterWh(0, 0.4),
      24 * quarterWh(0, 0.4),
    ]);
    sameOnEveryEngine('stations', engine, withoutRealTime({ list, detail, power, energy }));
  });

  it('is worked out anew over all days of a gap when a late reading comes', async () => {
    const station = fleet.stranger;
    const meter = { station: station.code, device: meterOf(station).code };
    const receivedAtMs = clock.nowMs();
    await fleet.write([
      { ...fleet.reading(meter, '2026-05-29T18:00:00+08:00', { energyTotalWh: 4_990_000 }), receivedAtMs },
      { ...fleet.reading(meter, '2026-05-20T18:00:00+08:00', { energyTotalWh: 4_980_000 }), receivedAtMs },
    ]);
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
    const days = (await energyRows(database, 'day')).filter(({ code }) => code === station.code);
    const late = days.filter(({ at }) => at < '2026-06-01');
    expect(late).toHaveLength(12);
    // The last of the gap runs into the morning of June 1st.
    const wholeDayWh = 144 * stepWh(meterOf(station).ratedPowerW, 0.4);
    expect(days.reduce((sum, { wh }) => sum + wh, 0)).toBe(20_000 + wholeDayWh);
    sameOnEveryEngine('late days', engine, days);
    expect(await rollUp.waiting()).toBe(0);
  });
});
