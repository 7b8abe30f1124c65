import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  counterRecordSchema,
  deviceReviewSchema,
  problemSchema,
  recordListSchema,
  reviewDetailSchema,
  reviewListSchema,
  signedFixSchema,
} from '#contracts';
import { daysBetween, dayStartMs } from '#domain';
import { RollUpService } from '#monitoring';
import { sql, TimeSeriesDays } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';

const { database, url } = await createTestDatabase();
const NOW = '2025-06-10T12:00:00+08:00';
const environment = readEnvironment({ PV_CLOCK_START: NOW, NODE_ENV: 'test', PV_ACCESS: 'open' });
const clock = new Clock({ startAt: new Date(NOW), speed: 1 });
const rollUp = new RollUpService(database, clock);
const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });

const STEP_MS = 300_000;
const RATED_W = 50_000;
/** 60 % of rated power. */
const STEP_WH = 2500;
const START_WH = 5_000_000;
const FIRST_DAY = '2025-06-02';
const DAYS = daysBetween(FIRST_DAY, '2025-06-06');
/** From 05:00 to 20:00. */
const STEPS_A_DAY = 180;
const DAY_WH = STEPS_A_DAY * STEP_WH;
const at = (day: string, time: string) => Date.parse(`${day}T${time}+08:00`);

interface Sample {
  atMs: number;
  totalWh: number | null;
  powerW: number | null;
}

let app: NestFastifyApplication;
let base: string;
let counter = 0;

beforeAll(async () => {
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  await new TimeSeriesDays(database).ensure(daysBetween('2025-05-20', '2025-06-12'));
  app = await createApi({ environment, logger, url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = await app.getUrl();
});
afterAll(() => app.close());

let station: string;
beforeEach(async () => {
  counter += 1;
  station = await addStation(`ST${String(counter).padStart(3, '0')}`);
});

/** A station with one meter. */
async function addStation(code: string): Promise<string> {
  await database.query(sql`
    insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    values (${code}, ${`试验${code}`}, 'single', '141124100', 111, 38, 60000, 50000, 33, 180, '2024-05-20', 'national',
      true)`);
  await database.query(sql`
    insert into device (station_id, code, kind, serial, rated_power_w)
    select id, 'M01', 'meter', 'SN-OLD', ${RATED_W}::int from station where code = ${code}`);
  return code;
}

/** Readings every five minutes from 05:00 to 20:00 at an even power. */
function evenDays(): Sample[] {
  return DAYS.flatMap((day, dayIndex) =>
    Array.from({ length: STEPS_A_DAY + 1 }, (_, step) => ({
      atMs: at(day, '05:00:00') + step * STEP_MS,
      totalWh: START_WH + (dayIndex * STEPS_A_DAY + step) * STEP_WH,
      powerW: STEP_WH * 12,
    })),
  );
}

const change = (
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
  totalOf: (wh: number) => number | null,
) =>
  samples.map((sample) =>
    sample.atMs >= fromMs && sample.atMs < toMs && sample.totalWh !== null
      ? { ...sample, totalWh: totalOf(sample.totalWh) }
      : sample,
  );

async function write(code: string, samples: readonly Sample[]) {
  const instants = samples.map(({ atMs }) => new Date(atMs).toISOString());
  await database.query(sql`
    insert into reading (device_id, measured_at, received_at, energy_total_wh, active_power_w)
    select d.id, u.at, ${clock.now()}::timestamptz, u.total, u.power
    from unnest(${instants}::timestamptz[], ${samples.map(({ totalWh }) => totalWh)}::bigint[],
      ${samples.map(({ powerW }) => powerW)}::int[]) as u (at, total, power),
      device d join station s on s.id = d.station_id
    where s.code = ${code} and d.code = 'M01'`);
  await database.query(sql`
    insert into dirty_station_day (station_id, day, marked_at)
    select distinct s.id, (u.at at time zone 'Asia/Shanghai')::date, now()
    from unnest(${instants}::timestamptz[]) as u (at), station s where s.code = ${code}
    on conflict (station_id, day) do update set generation = nextval('dirty_generation'), spreads = true`);
  await work();
}

async function work() {
  while ((await rollUp.rollUpDirtyDays()) > 0) continue;
}

interface StoredDay {
  day: string;
  energyWh: number;
  method: string;
  quality: string;
}
const daysOf = (code = station) =>
  database.query<StoredDay>(sql`
    select e.day, e.energy_wh::float8 as "energyWh", e.method, e.quality
    from station_day e join station s on s.id = e.station_id
    where s.code = ${code} order by e.day`);
const eventsOf = (code = station) =>
  database.query<{ kind: string; at: Date; energyWh: number; decided: boolean }>(sql`
    select e.kind, e.at, e.energy_wh::float8 as "energyWh", e.decided
    from counter_event e join device d on d.id = e.device_id join station s on s.id = d.station_id
    where s.code = ${code} order by e.at, e.kind`);
const sum = (days: readonly StoredDay[]) => days.reduce((total, { energyWh }) => total + energyWh, 0);
const energies = async (code = station) => (await daysOf(code)).map(({ energyWh }) => energyWh);
const qualities = async (code = station) => (await daysOf(code)).map(({ quality }) => quality);

async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${base}/api/v1/counter-review${path}`);
  expect(response.status, path).toBe(200);
  return schema.parse(await response.json());
}
function send(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${base}/api/v1/counter-review${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
async function post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
  const response = await send(path, body);
  expect(response.status, path).toBe(200);
  return schema.parse(await response.json());
}
async function refused(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await send(path, body, headers);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const { code } = problemSchema.parse(await response.json());
  return { status: response.status, code };
}
const openItems = async () => (await get(`?station=${station}`, reviewListSchema)).items;
async function onlyItem() {
  const [item, ...others] = await openItems();
  if (!item) throw new Error('the inbox is empty');
  expect(others).toEqual([]);
  return item;
}
const signature = { reason: '已与现场核对', signedBy: '张三' };

describe('what a counter does besides counting', () => {
  it('passes over an empty frame and tells of it', async () => {
    const noon = at('2025-06-03', '12:00:00');
    await write(
      station,
      change(evenDays(), noon, noon + STEP_MS, () => 0),
    );
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await qualities()).toEqual(DAYS.map(() => 'measured'));
    expect(await eventsOf()).toMatchObject([{ kind: 'zero_frame', at: new Date(noon), decided: true }]);
    expect(await openItems()).toEqual([]);
  });

  it('does not count a wobble twice', async () => {
    const noon = at('2025-06-03', '12:00:00');
    const wobbling = evenDays().map((sample) =>
      sample.atMs > noon && sample.atMs <= noon + 2 * STEP_MS
        ? { ...sample, totalWh: START_WH + DAY_WH + 84 * STEP_WH - 700 }
        : sample,
    );
    await write(station, wobbling);
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await eventsOf()).toMatchObject([{ kind: 'jitter', decided: true }]);
  });

  it('goes on after a counter that started from zero again', async () => {
    const noon = at('2025-06-03', '12:00:00');
    const atNoon = START_WH + DAY_WH + 84 * STEP_WH;
    await write(
      station,
      change(evenDays(), noon + STEP_MS, Infinity, (wh) => wh - atNoon),
    );
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await qualities()).toEqual(DAYS.map(() => 'measured'));
    expect(await eventsOf()).toMatchObject([{ kind: 'reset', energyWh: STEP_WH, decided: true }]);
  });

  it('decides a day that ended in empty frames once the counter is back', async () => {
    const evening = at('2025-06-05', '19:00:00');
    await write(
      station,
      change(evenDays(), evening, Infinity, () => 0),
    );
    expect((await qualities()).at(-1)).toBe('incomplete');
    expect(await onlyItem()).toMatchObject({ kind: 'zero_frame', isWaiting: true, choices: [] });
    const backWh = START_WH + 4 * DAY_WH;
    await write(station, [
      { atMs: at('2025-06-06', '05:00:00'), totalWh: backWh, powerW: 0 },
      { atMs: at('2025-06-06', '05:05:00'), totalWh: backWh + 100, powerW: 1200 },
    ]);
    expect(await openItems()).toEqual([]);
    const days = await daysOf();
    expect(sum(days)).toBe(4 * DAY_WH + 100);
    expect(days.find(({ day }) => day === '2025-06-05')?.quality).not.toBe('incomplete');
  });

  it('says that power was integrated where there is no counter at all', async () => {
    await write(
      station,
      evenDays().map((sample) => ({ ...sample, totalWh: null })),
    );
    expect(await daysOf()).toEqual(
      DAYS.map((day) => ({ day, energyWh: DAY_WH, method: 'power_integral', quality: 'estimated' })),
    );
  });

  it('proposes the integral of power for a counter that stood still, and calls it an estimate', async () => {
    const noon = at('2025-06-03', '12:00:00');
    const standsUntil = noon + 24 * STEP_MS;
    const stoodAt = START_WH + DAY_WH + 84 * STEP_WH;
    const still = change(evenDays(), noon, standsUntil + 1, () => stoodAt);
    await write(
      station,
      change(still, standsUntil + 1, Infinity, (wh) => wh - 24 * STEP_WH),
    );
    expect((await energies())[1]).toBe(DAY_WH - 24 * STEP_WH);
    const item = await onlyItem();
    expect(item.kind).toBe('frozen');
    await post(`/${item.id}/fix`, { choice: 0, ...signature }, signedFixSchema);
    await work();
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await qualities()).toEqual(['measured', 'estimated', 'measured', 'measured']);
    expect(await openItems()).toEqual([]);
  });

  describe('that stood still for nine days', () => {
    const STILL_DAYS = daysBetween('2025-05-27', '2025-06-08');
    const stillFromMs = at('2025-05-28', '10:00:00');
    const stillToMs = at('2025-06-06', '10:00:00');
    const truth = (): Sample[] =>
      STILL_DAYS.flatMap((day, dayIndex) =>
        Array.from({ length: STEPS_A_DAY + 1 }, (_, step) => ({
          atMs: at(day, '05:00:00') + step * STEP_MS,
          totalWh: START_WH + (dayIndex * STEPS_A_DAY + step) * STEP_WH,
          powerW: STEP_WH * 12,
        })),
      );
    const stoodAtWh = START_WH + DAY_WH + 60 * STEP_WH;
    const still = (then: (wh: number) => number) =>
      change(change(truth(), stillToMs, Infinity, then), stillFromMs, stillToMs, () => stoodAtWh);
    const stillQualities = STILL_DAYS.map((day) =>
      day >= '2025-05-28' && day <= '2025-06-06' ? 'estimated' : 'measured',
    );
    /** As it comes: a day, and a roll-up after it. */
    async function writeDayByDay(samples: readonly Sample[]) {
      for (const day of STILL_DAYS) {
        const startMs = dayStartMs(day);
        await write(
          station,
          samples.filter(({ atMs }) => atMs >= startMs && atMs < startMs + 86_400_000),
        );
      }
    }

    it('and then shows what it made: every day has its part by power, and they add up to the counter', async () => {
      await writeDayByDay(still((wh) => wh));
      const days = await daysOf();
      expect(sum(days)).toBe(STILL_DAYS.length * DAY_WH);
      expect(days.map(({ quality }) => quality)).toEqual(stillQualities);
      // By power, which is even here: no day is off by more than the step that the counter was late by.
      for (const { energyWh } of days) expect(Math.abs(energyWh - DAY_WH)).toBeLessThanOrEqual(STEP_WH);
      expect(await eventsOf()).toMatchObject([{ kind: 'frozen', decided: true }]);
      expect(await openItems()).toEqual([]);
    });

    it('is not measured while it lasts, up to its last day', async () => {
      await writeDayByDay(still((wh) => wh).filter(({ atMs }) => atMs < stillToMs));
      expect(await qualities()).toEqual(['measured', ...Array.from({ length: 10 }, () => 'incomplete')]);
      expect(await onlyItem()).toMatchObject({ kind: 'frozen', day: '2025-05-28', isWaiting: true });
    });

    it('and goes on from where it stood: a signature gives every day its part, and taking it back takes it away', async () => {
      const lostWh = (stillToMs - stillFromMs) / 86_400_000;
      const missedWh = lostWh * DAY_WH;
      await writeDayByDay(still((wh) => wh - missedWh));
      const before = await daysOf();
      expect(sum(before)).toBe(STILL_DAYS.length * DAY_WH - missedWh);
      const item = await onlyItem();
      const fix = await post(`/${item.id}/fix`, { choice: 0, ...signature }, signedFixSchema);
      await work();
      const days = await daysOf();
      expect(sum(days) - sum(before)).toBe(fix.effectWh);
      expect(Math.abs(sum(days) - STILL_DAYS.length * DAY_WH)).toBeLessThanOrEqual(STEP_WH);
      expect(days.map(({ quality }) => quality)).toEqual(stillQualities);
      for (const { energyWh } of days) expect(Math.abs(energyWh - DAY_WH)).toBeLessThanOrEqual(STEP_WH);
      await post(`/fixes/${fix.id}/take-back`, signature, signedFixSchema);
      await work();
      expect(await daysOf()).toEqual(before);
    });

    it('gives the same days when they are worked out in any order, and when late readings come', async () => {
      const samples = still((wh) => wh);
      const isLate = ({ atMs }: Sample) =>
        atMs > at('2025-06-02', '09:00:00') && atMs < at('2025-06-02', '12:00:00');
      await writeDayByDay(samples);
      const days = await daysOf();
      const other = await addStation(`${station}L`);
      await write(
        other,
        samples.filter((sample) => !isLate(sample)),
      );
      await write(other, samples.filter(isLate));
      expect(await daysOf(other)).toEqual(days);
    });
  });

  it('takes a register that is said to wrap for one that wraps', async () => {
    const modulusWh = START_WH + DAY_WH + 90 * STEP_WH;
    await database.query(sql`
      update device set counter_modulus_wh = ${modulusWh}::bigint
      where station_id = (select id from station where code = ${station})`);
    await write(
      station,
      evenDays().map((sample) => ({ ...sample, totalWh: (sample.totalWh ?? 0) % modulusWh })),
    );
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await eventsOf()).toMatchObject([{ kind: 'wrap', decided: true }]);
  });

  it('tells of output in the dark, and leaves it booked', async () => {
    const night = [1, 2, 3].map((step) => ({
      atMs: at('2025-06-06', '01:00:00') + step * STEP_MS,
      totalWh: START_WH + DAYS.length * DAY_WH + step * 1000,
      powerW: null,
    }));
    await write(station, [...evenDays(), ...night]);
    const item = await onlyItem();
    expect(item).toMatchObject({ kind: 'night_output', choices: [] });
    await post(`/${item.id}/dismiss`, signature, signedFixSchema);
    await work();
    expect(await openItems()).toEqual([]);
    expect(await eventsOf()).toMatchObject([{ kind: 'night_output', decided: true, energyWh: 2000 }]);
  });
});

describe('a step that nobody can explain', () => {
  const noon = at('2025-06-03', '12:00:00');
  const JUMP_WH = 40_000;
  const jumped = () => change(evenDays(), noon + STEP_MS, Infinity, (wh) => wh + JUMP_WH);
  const expected = (secondDayWh: number) => DAYS.map((_, index) => (index === 1 ? secondDayWh : DAY_WH));

  it('is proposed, changes the day when a person signs it, and back when it is taken back', async () => {
    await write(station, jumped());
    expect(await energies()).toEqual(expected(DAY_WH - STEP_WH));
    expect(await qualities()).toEqual(['measured', 'incomplete', 'measured', 'measured']);
    const item = await onlyItem();
    expect(item).toMatchObject({ kind: 'implausible_step', day: '2025-06-03', isWaiting: false });
    expect(item.choices.map(({ effectWh }) => effectWh)).toEqual([0, STEP_WH + JUMP_WH]);
    const detail = await get(`/${item.id}`, reviewDetailSchema);
    expect(detail.readings).toHaveLength(25);
    expect(detail.outcomes).toEqual([
      { effectWh: 0, deviceWh: DAY_WH - STEP_WH },
      { effectWh: STEP_WH + JUMP_WH, deviceWh: DAY_WH + JUMP_WH },
    ]);
    const fix = await post(`/${item.id}/fix`, { choice: 1, ...signature }, signedFixSchema);
    expect(fix).toMatchObject({ effectWh: STEP_WH + JUMP_WH, signedBy: '张三', takenBack: null });
    expect((await get(`/${item.id}`, reviewDetailSchema)).day.isPending).toBe(true);
    await work();
    expect(await energies()).toEqual(expected(DAY_WH + JUMP_WH));
    expect(await qualities()).toEqual(DAYS.map(() => 'measured'));
    expect(await openItems()).toEqual([]);
    const settled = await get(`?station=${station}&state=settled`, reviewListSchema);
    expect(settled).toMatchObject({
      total: 1,
      items: [{ id: item.id, state: 'fixed', decision: { id: fix.id } }],
    });

    await post(`/fixes/${fix.id}/take-back`, { reason: '签错了', signedBy: '李四' }, signedFixSchema);
    await work();
    expect(await energies()).toEqual(expected(DAY_WH - STEP_WH));
    expect((await onlyItem()).id).toBe(item.id);
    const history = await get(`/devices/${station}/M01`, deviceReviewSchema);
    expect(history.fixes).toMatchObject([{ id: fix.id, takenBack: { by: '李四', reason: '签错了' } }]);
  });

  it('is signed once, however often it is sent, and not in two ways', async () => {
    await write(station, jumped());
    const { id } = await onlyItem();
    const body = { choice: 1, ...signature };
    const both = await Promise.all([1, 2, 3].map(() => post(`/${id}/fix`, body, signedFixSchema)));
    const again = await post(`/${id}/fix`, { ...body, signedBy: ' 张三 ' }, signedFixSchema);
    expect(new Set([...both, again].map((fix) => fix.id)).size).toBe(1);
    expect(await refused(`/${id}/fix`, { ...body, choice: 0 })).toEqual({
      status: 409,
      code: 'counter_review.settled',
    });
    expect(await refused(`/${id}/dismiss`, signature)).toMatchObject({ status: 409 });
    expect(await refused(`/${id}/fix`, { ...body, choice: 7 })).toMatchObject({
      status: 422,
      code: 'counter_review.no_such_choice',
    });
    expect(await refused(`/${id}/fix`, { ...body, signedBy: ' ' })).toMatchObject({ status: 400 });
    expect(await refused('/2000000000/fix', body)).toMatchObject({ status: 404 });
  });

  it('that is dismissed stays as booked, and its day is called estimated', async () => {
    await write(station, jumped());
    const { id } = await onlyItem();
    await post(`/${id}/dismiss`, signature, signedFixSchema);
    await work();
    expect(await energies()).toEqual(expected(DAY_WH - STEP_WH));
    expect(await qualities()).toEqual(['measured', 'estimated', 'measured', 'measured']);
  });

  it('gives the same rows when it is worked out twice', async () => {
    await write(station, jumped());
    const { id } = await onlyItem();
    const read = async () => ({
      days: await daysOf(),
      events: await eventsOf(),
      items: await openItems(),
      quarters: await database.query(sql`
        select q.starts_at, q.energy_wh, q.quality from station_quarter_hour q
        join station s on s.id = q.station_id where s.code = ${station} order by 1`),
    });
    const again = async () => {
      await database.query(sql`
        insert into dirty_station_day (station_id, day, marked_at)
        select id, d::date, now() from station, unnest(${DAYS}::date[]) d where code = ${station}`);
      await work();
      return read();
    };
    const before = await read();
    expect(await again()).toEqual(before);
    await post(`/${id}/fix`, { choice: 1, ...signature }, signedFixSchema);
    await work();
    const fixed = await read();
    expect(await again()).toEqual(fixed);
    expect(sum(fixed.days) - sum(before.days)).toBe(STEP_WH + JUMP_WH);
  });

  it('is changed by this machine and its own pages only', async () => {
    await write(station, jumped());
    const { id } = await onlyItem();
    const body = { choice: 1, ...signature };
    expect(await refused(`/${id}/fix`, body, { origin: 'http://elsewhere.example' })).toEqual({
      status: 403,
      code: 'request.only_local',
    });
  });

  it('matches the truth again where a clock that was ahead steps back and a person accepts the step', async () => {
    // From 10:00 to 11:00 the clock is ten minutes ahead; of two readings for one instant the first came first.
    const wrongFrom = at('2025-06-03', '10:00:00');
    const wrongTo = at('2025-06-03', '11:00:00');
    const seen = new Map<number, Sample>();
    for (const sample of evenDays()) {
      const isAhead = sample.atMs >= wrongFrom && sample.atMs < wrongTo;
      const atMs = isAhead ? sample.atMs + 2 * STEP_MS : sample.atMs;
      if (!seen.has(atMs)) seen.set(atMs, { ...sample, atMs });
    }
    await write(station, [...seen.values()]);
    expect((await energies())[1]).toBeLessThan(DAY_WH);
    const { id } = await onlyItem();
    await post(`/${id}/fix`, { choice: 1, ...signature }, signedFixSchema);
    await work();
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await qualities()).toEqual(DAYS.map(() => 'measured'));
  });
});

describe('a counter that changes its scale', () => {
  const noon = at('2025-06-03', '12:00:00');
  const scaledUp = (untilMs = Infinity) => change(evenDays(), noon + STEP_MS, untilMs, (wh) => wh * 10);

  it('invents no energy on any day until a person decides, and has all of it after that', async () => {
    await write(station, scaledUp());
    // All but the step of the jump itself.
    expect(await energies()).toEqual(DAYS.map((_, index) => DAY_WH - (index === 1 ? STEP_WH : 0)));
    const item = await onlyItem();
    expect(item).toMatchObject({
      kind: 'scale_change',
      choices: [{ fix: { kind: 'scale', divide: 10 } }, {}],
    });
    const fix = await post(`/${item.id}/fix`, { choice: 0, ...signature }, signedFixSchema);
    await work();
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await qualities()).toEqual(DAYS.map(() => 'measured'));
    await post(`/fixes/${fix.id}/take-back`, signature, signedFixSchema);
    await work();
    expect(sum(await daysOf())).toBe(DAYS.length * DAY_WH - STEP_WH);
    expect((await onlyItem()).state).toBe('open');
  });

  it('ends where the person says', async () => {
    const backMs = at('2025-06-05', '12:00:00');
    await write(
      station,
      change(evenDays(), noon + STEP_MS, backMs, (wh) => wh / 10),
    );
    const item = (await openItems()).find(({ day }) => day === '2025-06-03');
    const body = { choice: 0, ...signature, until: new Date(backMs).toISOString() };
    const fix = await post(`/${item?.id}/fix`, body, signedFixSchema);
    expect(fix.fix).toMatchObject({ kind: 'scale', multiply: 10, toAt: body.until });
    await work();
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    expect(await openItems()).toEqual([]);
  });

  it('has the effect over all the days that it reaches', async () => {
    // One tenth: the digits go on, in a coarser unit.
    await write(
      station,
      change(evenDays(), noon + STEP_MS, Infinity, (wh) => wh / 10),
    );
    const before = await daysOf();
    const item = await onlyItem();
    expect(item).toMatchObject({ kind: 'scale_change', choices: [{ fix: { multiply: 10 } }, {}] });
    const detail = await get(`/${item.id}`, reviewDetailSchema);
    const missingWh = DAYS.length * DAY_WH - sum(before);
    expect(detail.outcomes[0]?.effectWh).toBe(missingWh);
    expect(await refused(`/${item.id}/fix`, { choice: 1, ...signature, until: NOW })).toMatchObject({
      code: 'counter_review.bad_until',
    });
    const fix = await post(`/${item.id}/fix`, { choice: 0, ...signature }, signedFixSchema);
    await work();
    expect(await energies()).toEqual(DAYS.map(() => DAY_WH));
    await post(`/fixes/${fix.id}/take-back`, signature, signedFixSchema);
    await work();
    expect(await daysOf()).toEqual(before);
  });
});

describe('records that two persons sign', () => {
  const FINAL_WH = 18_423_600;
  const exchangeAt = '2025-06-03T10:30:00+08:00';
  const entry = () => ({
    station,
    device: 'M01',
    at: exchangeAt,
    finalWh: FINAL_WH,
    startWh: 0,
    newSerial: 'SN-NEW',
    note: '轮换',
    enteredBy: '张三',
  });
  const exchanged = (): Sample[] => [
    { atMs: dayStartMs('2025-06-03'), totalWh: 18_400_000, powerW: null },
    { atMs: at('2025-06-03', '10:25:00'), totalWh: FINAL_WH - 1000, powerW: null },
    { atMs: at('2025-06-03', '10:35:00'), totalWh: 300, powerW: null },
    { atMs: dayStartMs('2025-06-04'), totalWh: 35_200, powerW: null },
  ];
  const dayWh = async () => (await daysOf()).find(({ day }) => day === '2025-06-03')?.energyWh;

  it('book an exchanged meter to its final reading and the new one from its start', async () => {
    await write(station, exchanged());
    expect(await dayWh()).not.toBe(58_800);
    const record = await post('/records/exchange', entry(), counterRecordSchema);
    expect(record).toMatchObject({ oldSerial: 'SN-OLD', confirmed: null });
    await work();
    expect(await dayWh()).not.toBe(58_800);
    expect((await get(`/records?station=${station}`, recordListSchema)).items).toHaveLength(1);
    expect(await refused(`/records/${record.id}/confirm`, { confirmedBy: '张三' })).toEqual({
      status: 422,
      code: 'counter_record.same_person',
    });
    await post(`/records/${record.id}/confirm`, { confirmedBy: '李四' }, counterRecordSchema);
    await post(`/records/${record.id}/confirm`, { confirmedBy: '李四' }, counterRecordSchema);
    expect(await refused(`/records/${record.id}/confirm`, { confirmedBy: '王五' })).toMatchObject({
      code: 'counter_record.already_confirmed',
    });
    await work();
    expect(await dayWh()).toBe(58_800);
    expect(await eventsOf()).toMatchObject([{ kind: 'exchange', decided: true }]);
    await post(`/records/${record.id}/take-back`, signature, counterRecordSchema);
    await work();
    expect(await dayWh()).not.toBe(58_800);
  });

  it('give the device the serial number of its last exchange in force', async () => {
    const serial = async () => {
      const [row] = await database.query<{ serial: string }>(sql`
        select d.serial from device d join station s on s.id = d.station_id where s.code = ${station}`);
      return row?.serial;
    };
    const exchange = async (newSerial: string, exchangedAt: string) => {
      const body = { ...entry(), at: exchangedAt, newSerial };
      const record = await post('/records/exchange', body, counterRecordSchema);
      expect(await serial()).not.toBe(newSerial);
      await post(`/records/${record.id}/confirm`, { confirmedBy: '李四' }, counterRecordSchema);
      return record;
    };
    const takeBack = ({ id }: { id: number }) =>
      post(`/records/${id}/take-back`, signature, counterRecordSchema);
    const first = await exchange('SN-2', '2025-06-03T10:30:00+08:00');
    expect(await serial()).toBe('SN-2');
    const second = await exchange('SN-3', '2025-06-05T10:30:00+08:00');
    expect(second.kind === 'exchange' && second.oldSerial).toBe('SN-2');
    expect(await serial()).toBe('SN-3');
    await takeBack(first);
    expect(await serial()).toBe('SN-3');
    await takeBack(second);
    expect(await serial()).toBe('SN-OLD');
  });

  it('are entered once, not twice in two ways, not for the future', async () => {
    const [first, second] = await Promise.all([
      post('/records/exchange', entry(), counterRecordSchema),
      post('/records/exchange', entry(), counterRecordSchema),
    ]);
    expect(second.id).toBe(first.id);
    expect(await refused('/records/exchange', { ...entry(), finalWh: null })).toEqual({
      status: 409,
      code: 'counter_record.conflict',
    });
    expect(await refused('/records/exchange', { ...entry(), at: '2030-01-01T00:00:00Z' })).toMatchObject({
      code: 'counter_record.in_future',
    });
    expect(await refused('/records/exchange', { ...entry(), device: 'M99' })).toMatchObject({ status: 404 });
  });

  it('are refused by the database itself where one person signs twice', async () => {
    const { id } = await post('/records/exchange', entry(), counterRecordSchema);
    await expect(
      database.query(sql`
        update counter_record set confirmed_by = entered_by, confirmed_at = now() where id = ${id}`),
    ).rejects.toThrow('counter_record_two_persons');
  });

  it('give the energy of a moved device to the station where it was', async () => {
    const other = await addStation(`${station}B`);
    const movedMs = at('2025-06-04', '12:00:00');
    const all = evenDays();
    await write(
      other,
      all.filter(({ atMs }) => atMs > movedMs),
    );
    // The old logger goes on for a while with the readings of the meter that is not there any more.
    await write(
      station,
      all.filter(({ atMs }) => atMs <= movedMs + 12 * STEP_MS),
    );
    expect(sum(await daysOf()) + sum(await daysOf(other))).toBe(DAYS.length * DAY_WH + 11 * STEP_WH);
    const move = {
      from: { station, device: 'M01' },
      to: { station: other, device: 'M01' },
      at: new Date(movedMs).toISOString(),
      readingWh: START_WH + 2 * DAY_WH + 84 * STEP_WH,
      note: '',
      enteredBy: '张三',
    };
    expect(await refused('/records/move', { ...move, to: move.from })).toMatchObject({
      code: 'counter_record.same_station',
    });
    const record = await post('/records/move', move, counterRecordSchema);
    await post(`/records/${record.id}/confirm`, { confirmedBy: '李四' }, counterRecordSchema);
    await work();
    expect(sum(await daysOf())).toBe(2 * DAY_WH + 84 * STEP_WH);
    expect(sum(await daysOf(other))).toBe(2 * DAY_WH - 84 * STEP_WH);
    expect(await eventsOf()).toMatchObject([{ kind: 'moved' }]);
    expect((await get(`/devices/${other}/M01`, deviceReviewSchema)).records).toMatchObject([
      { id: record.id },
    ]);
  });
});

/** The last of the file: what is dropped stays dropped for the whole database. */
describe('a day whose readings are dropped', () => {
  const noon = at('2025-06-03', '12:00:00');
  const jump = () => change(evenDays(), noon + STEP_MS, Infinity, (wh) => wh + 40_000);
  const entry = () => ({
    station,
    device: 'M01',
    at: new Date(noon).toISOString(),
    finalWh: START_WH,
    startWh: 0,
    newSerial: 'SN-NEW',
    note: '',
    enteredBy: '张三',
  });
  const dropBefore = (day: string | null) =>
    database.query(sql`
      update time_series_keeping set dropped_before = ${day}::date - pv_reach_days() where table_name = 'reading'`);
  afterEach(() => dropBefore(null));
  const closed = { status: 409, code: 'counter_review.readings_dropped' };

  it('takes no fix and gives none back, and its energy stays; it may be said that what is booked stands', async () => {
    await write(station, jump());
    const before = await daysOf();
    const { id } = await onlyItem();
    const body = { choice: 1, ...signature };
    await dropBefore('2025-06-04');
    expect(await refused(`/${id}/fix`, body)).toEqual(closed);
    expect((await onlyItem()).state).toBe('open');
    await dropBefore('2025-06-03');
    const fix = await post(`/${id}/fix`, body, signedFixSchema);
    await dropBefore('2025-06-04');
    expect(await refused(`/fixes/${fix.id}/take-back`, signature)).toEqual(closed);
    expect((await get(`/devices/${station}/M01`, deviceReviewSchema)).fixes).toMatchObject([
      { takenBack: null },
    ]);
    await dropBefore(null);
    await post(`/fixes/${fix.id}/take-back`, signature, signedFixSchema);
    await work();
    expect(await daysOf()).toEqual(before);
    await dropBefore('2025-06-04');
    await post(`/${id}/dismiss`, signature, signedFixSchema);
    expect(await openItems()).toEqual([]);
  });

  it('takes no record, be it entered, confirmed or taken back', async () => {
    await dropBefore('2025-06-04');
    expect(await refused('/records/exchange', entry())).toEqual(closed);
    await dropBefore(null);
    const { id } = await post('/records/exchange', entry(), counterRecordSchema);
    await dropBefore('2025-06-04');
    expect(await refused(`/records/${id}/confirm`, { confirmedBy: '李四' })).toEqual(closed);
    await dropBefore(null);
    await post(`/records/${id}/confirm`, { confirmedBy: '李四' }, counterRecordSchema);
    await dropBefore('2025-06-04');
    expect(await refused(`/records/${id}/take-back`, signature)).toEqual(closed);
    expect((await get(`/devices/${station}/M01`, deviceReviewSchema)).records).toMatchObject([
      { confirmed: { by: '李四' }, takenBack: null },
    ]);
  });
});
