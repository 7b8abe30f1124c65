import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  dayReceiptsSchema,
  problemSchema,
  qualityListSchema,
  stationQualitySchema,
  type StationFlag,
} from '#contracts';
import { addDays } from '#domain';
import { StationQualityService, type ReceivedReading } from '#ingestion';
import { DataQualityService, RollUpService } from '#monitoring';
import { sql } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { writeSmallFleet } from './small-fleet.ts';

const DAY = '2026-06-14';
const NOW = '2026-06-15T12:00:00+08:00';
const STEP_MS = 300_000;

const { database, url } = await createTestDatabase();
const fleet = await writeSmallFleet(database);
const [first, second] = fleet.neighbours;
const environment = readEnvironment({ PV_CLOCK_START: NOW, NODE_ENV: 'test', PV_ACCESS: 'open' });
const clock = new Clock({ startAt: new Date(NOW), speed: 1 });
const rollUp = new RollUpService(database, clock);
const power = new DataQualityService(database, clock);
const quality = new StationQualityService(database, clock);
let app: NestFastifyApplication;
let base: string;

const at = (time: string, day = DAY) => Date.parse(`${day}T${time}:00+08:00`);
type Fields = Parameters<typeof fleet.reading>[2];

const meterOf = (station: typeof first) => {
  const meter = station.devices.find(({ kind }) => kind === 'meter');
  if (!meter) throw new Error(`${station.code} has no meter`);
  return meter;
};

/** An even day from 06:00 to 19:30; `change` makes something of a reading, null takes it away. */
function evenDay(
  station: typeof first,
  change: (atMs: number, index: number) => Fields | null = () => ({}),
  day = DAY,
): ReceivedReading[] {
  const meter = meterOf(station);
  const device = { station: station.code, device: meter.code };
  const ratedW = meter.ratedPowerW;
  const powerW = Math.round(ratedW / 2);
  return Array.from({ length: 163 }, (_, index) => at('06:00', day) + index * STEP_MS).flatMap(
    (atMs, index) => {
      const changed = change(atMs, index);
      if (changed === null) return [];
      return [
        fleet.reading(device, atMs, {
          // Two values in turn: a power that never moves would be frozen.
          activePowerW: powerW + (index % 2) * Math.round(ratedW / 50),
          energyTotalWh: 10_000_000 + Math.round((index * powerW) / 12),
          status: 'running',
          ...changed,
        }),
      ];
    },
  );
}

async function work() {
  while ((await rollUp.rollUpDirtyDays()) > 0) continue;
  while ((await power.judgePastDays()) > 0) continue;
  let judged = 0;
  for (let some = await quality.judgeDays(); some > 0; some = await quality.judgeDays()) judged += some;
  return judged;
}

async function ask<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  const response = await fetch(`${base}/api/v1${path}`);
  const answer: unknown = await response.json();
  expect([response.status, answer]).toEqual([200, answer]);
  return schema.parse(answer);
}
const dayOfStation = async (code: string, day = DAY) =>
  (await ask(stationQualitySchema, `/stations/${code}/quality?from=${day}&to=${addDays(day, 1)}`)).days[0];
const flagOf = async (code: string, flag: StationFlag) =>
  (await dayOfStation(code))?.flags.find((row) => row.flag === flag);
const stored = () =>
  database.query(sql`
    select station_id, day, flag, version, count, device_codes, first_at, last_at, touched_wh, detail
    from station_quality_flag order by station_id, day, flag`);

beforeAll(async () => {
  app = await createApi({ environment, logger: createLogger('api', { PV_LOG_LEVEL: 'error' }), url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = await app.getUrl();
  // Inverters that say nothing would be gaps from morning to evening.
  await database.query(sql`delete from device where kind <> 'meter'`);
  // From 10:00 on an hour without values, at 12:00 an impossible one, at 13:00 one without a power.
  await fleet.write(
    evenDay(first, (atMs) => {
      if (atMs > at('10:00') && atMs < at('11:00')) return null;
      if (atMs === at('12:00')) return { activePowerW: null, flags: 1 };
      return atMs === at('13:00') ? { activePowerW: null } : {};
    }),
  );
  // Everything of the second station came before it was measured.
  await fleet.write(
    evenDay(second).map((reading) => ({ ...reading, receivedAtMs: reading.receivedAtMs - 91_000 })),
  );
  await database.query(sql`
    insert into ingest_rejection (station_id, day, reason, times)
    select id, ${DAY}::date, reason, times
    from station, (values ('conflict', 3), ('future', 4)) as r (reason, times) where code = ${second.code}`);
  await work();
});
afterAll(() => app.close());

describe('what is doubtful of a station and day', () => {
  it('is a row a flag, with how many, from when to when, and the energy that rests on it', async () => {
    const gap = await flagOf(first.code, 'gap');
    expect(gap).toMatchObject({
      count: 11,
      deviceCodes: [meterOf(first).code],
      firstAt: new Date(at('10:05')).toISOString(),
      lastAt: new Date(at('10:55')).toISOString(),
    });
    const ratedW = meterOf(first).ratedPowerW;
    // The counter tells what was made in the hour of the gap: half of rated, and the two hundredths of every other step.
    expect(gap?.touchedWh).toBeGreaterThan(ratedW * 0.45);
    expect(gap?.touchedWh).toBeLessThan(ratedW * 0.55);
    const instant = (time: string) => new Date(at(time)).toISOString();
    expect(await flagOf(first.code, 'field_rejected')).toMatchObject({ count: 1, firstAt: instant('12:00') });
    expect(await flagOf(first.code, 'null_field')).toMatchObject({
      count: 1,
      firstAt: instant('13:00'),
      lastAt: instant('13:00'),
    });
    expect(await flagOf(first.code, 'clock')).toBeUndefined();
  });

  it('is not counted twice in the energy of the day', async () => {
    const day = await dayOfStation(first.code);
    const flags = day?.flags ?? [];
    const sum = flags.reduce((total, { touchedWh }) => total + (touchedWh ?? 0), 0);
    expect(day?.touchedWh).toBeLessThanOrEqual(sum);
    expect(day?.touchedWh).toBeLessThanOrEqual(day?.energyWh ?? 0);
    expect(day?.touchedWh).toBeGreaterThanOrEqual(Math.max(...flags.map(({ touchedWh }) => touchedWh ?? 0)));
  });

  it('holds clocks that are ahead, second values and refusals, the last two without an instant', async () => {
    expect(await flagOf(second.code, 'clock')).toMatchObject({ count: 1, detail: { leastDelayMs: -90_000 } });
    expect(await flagOf(second.code, 'second_value')).toMatchObject({
      count: 3,
      firstAt: null,
      touchedWh: null,
    });
    expect(await flagOf(second.code, 'refused')).toMatchObject({ count: 4, detail: { future: 4 } });
  });

  it('is judged once, and comes out the same however often', async () => {
    const before = await stored();
    expect(await work()).toBe(0);
    await database.query(sql`update station_quality_day set version = 0`);
    expect(await work()).toBeGreaterThan(0);
    expect(await stored()).toEqual(before);
  });

  it('is judged again when late readings fill the gap, and when more was refused', async () => {
    await fleet.write(
      evenDay(first, (atMs) => (atMs > at('10:00') && atMs < at('11:00') ? {} : null)).map((reading) => ({
        ...reading,
        receivedAtMs: at('11:30', '2026-06-15'),
      })),
    );
    await database.query(sql`
      update ingest_rejection set times = times + 1 where reason = 'conflict' and day = ${DAY}::date`);
    expect(await work()).toBe(2);
    expect(await flagOf(first.code, 'gap')).toBeUndefined();
    expect(await flagOf(first.code, 'null_field')).toMatchObject({ count: 1 });
    expect(await flagOf(second.code, 'second_value')).toMatchObject({ count: 4 });
  });

  it('loses what nothing is known of any more', async () => {
    const late = await database.query<{ id: number }>(
      sql`select id from station where code = ${fleet.stranger.code}`,
    );
    const id = late[0]?.id ?? 0;
    await database.query(sql`
      insert into ingest_rejection (station_id, day, reason, times) values (${id}, ${DAY}::date, 'schema', 1)`);
    expect(await work()).toBe(1);
    expect(await flagOf(fleet.stranger.code, 'refused')).toMatchObject({ count: 1 });
    await database.query(sql`delete from ingest_rejection where station_id = ${id}`);
    expect(await work()).toBe(1);
    expect((await dayOfStation(fleet.stranger.code))?.flags).toEqual([]);
    expect(await work()).toBe(0);
  });
});

describe('the list of stations', () => {
  const range = `from=${DAY}&to=${addDays(DAY, 1)}`;

  it('has the most energy first, with the sums of each flag', async () => {
    const list = await ask(qualityListSchema, `/quality?${range}`);
    expect(list.items.map(({ stationCode }) => stationCode)).toEqual([second.code, first.code]);
    expect(list.items[0]).toMatchObject({ days: 1, lastDay: DAY });
    expect(list.byFlag.find(({ flag }) => flag === 'second_value')).toMatchObject({
      stations: 1,
      days: 1,
      count: 4,
      touchedWh: null,
    });
    expect(list.judged.stationDays).toBeGreaterThanOrEqual(2);
  });

  it('is narrowed by flag, county, words and days', async () => {
    const codes = async (query: string) =>
      (await ask(qualityListSchema, `/quality?${query}`)).items.map(({ stationCode }) => stationCode);
    expect(await codes(`${range}&flag=null_field`)).toEqual([first.code]);
    expect(await codes(`${range}&flag=level_shift`)).toEqual([]);
    expect(await codes(`${range}&q=${second.code.toLowerCase()}`)).toEqual([second.code]);
    expect(await codes(`${range}&county=${fleet.stranger.townshipCode.slice(0, 6)}`)).toEqual([]);
    expect(await codes('from=2026-05-01&to=2026-05-08')).toEqual([]);
    const page = await ask(qualityListSchema, `/quality?${range}&pageSize=1&page=2`);
    expect(page).toMatchObject({ total: 2, items: [{ stationCode: first.code }] });
  });

  it('refuses ranges that are too long or turned round, unknown flags and unknown stations', async () => {
    const code = async (path: string, status: number) => {
      const response = await fetch(`${base}/api/v1${path}`);
      expect([path, response.status]).toEqual([path, status]);
      return problemSchema.parse(await response.json()).code;
    };
    expect(await code('/quality?from=2026-01-01&to=2026-06-01', 400)).toBe('quality.range_invalid');
    expect(await code('/quality?from=2026-06-02&to=2026-06-01', 400)).toBe('quality.range_invalid');
    expect(await code('/stations/NONE/quality', 404)).toBe('station.not_found');
    await code('/quality?flag=nonsense', 400);
  });
});

describe('level shifts', () => {
  it('are stored for the day on which the level changed, once, and go where the energy says so no more', async () => {
    const [row] = await database.query<{ id: number }>(sql`
      select id from station where code = ${fleet.neighbours[2].code}`);
    const id = row?.id ?? 0;
    const change = addDays('2026-06-15', -40);
    await database.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select ${id}::int, d::date, case when d < ${change}::date then 300000 else 120000 end + extract(day from d)::int * 100,
        'simulated', 'measured', now()
      from generate_series(${addDays(change, -100)}::date, '2026-06-14'::date, interval '1 day') as d`);
    while ((await quality.judgeLevels()) > 0) continue;
    const found = await dayOfStation(fleet.neighbours[2].code, change);
    expect(found?.flags).toMatchObject([{ flag: 'level_shift', touchedWh: null }]);
    expect(found?.flags[0]?.detail['factor']).toBeCloseTo(0.4, 1);
    const list = await ask(
      qualityListSchema,
      `/quality?from=${change}&to=${addDays(change, 1)}&flag=level_shift`,
    );
    expect(list.items).toMatchObject([{ days: 1, count: 1, lastDay: change }]);
    await database.query(sql`update station_day set energy_wh = 300000 where station_id = ${id}`);
    await database.query(sql`delete from station_quality_level`);
    while ((await quality.judgeLevels()) > 0) continue;
    expect(await dayOfStation(fleet.neighbours[2].code, change)).toBeUndefined();
  });
});

describe('the receipts of a day', () => {
  it('have a row a station, what is missing first, and totals over all of them', async () => {
    const idOf = async (code: string) => {
      const [row] = await database.query<{ id: number }>(sql`select id from station where code = ${code}`);
      return row?.id ?? 0;
    };
    const id = await idOf(fleet.neighbours[2].code);
    await database.query(sql`
      insert into message_sender (station_id, code, epoch, epoch_began_at, last_seq, last_measured_at)
      values (${id}, 'GW01', 0, '2026-06-01', 120, '2026-06-14')`);
    await database.query(sql`
      insert into message_sequence (station_id, sender_code, epoch, day, received) values
        (${id}, 'GW01', 0, '2026-06-13', '{[1,11)}'), (${id}, 'GW01', 0, ${DAY}::date, '{[11,101),[106,121)}')`);
    await database.query(sql`
      insert into resend_request (station_id, sender_code, epoch, day, asked, missing, state, attempts, first_asked_at,
        next_attempt_at, settled_at)
      values (${id}, 'GW01', 0, ${DAY}::date, '{[96,106)}', '{[101,106)}', 'given_up', 10, now(), now(), now())`);
    const receipts = await ask(dayReceiptsSchema, `/ingest/receipts/day?day=${DAY}`);
    expect(receipts.total).toBe(4);
    expect(receipts.items[0]).toMatchObject({
      stationCode: fleet.neighbours[2].code,
      messages: { sent: 110, received: 105, missing: 5, asked: 10, came: 5, gaveUp: 5 },
    });
    expect(receipts.items[1]).toMatchObject({ stationCode: second.code, messages: null, rejected: 8 });
    expect(receipts.totals).toMatchObject({
      sent: 110,
      missing: 5,
      came: 5,
      numbered: 1,
      lacking: 1,
      silent: 1,
      rejected: 8,
      late: 11,
    });
    const county = await ask(
      dayReceiptsSchema,
      `/ingest/receipts/day?day=${DAY}&county=${fleet.stranger.townshipCode.slice(0, 6)}`,
    );
    expect(county).toMatchObject({ total: 1, items: [{ stationCode: fleet.stranger.code, readings: null }] });
  });
});
