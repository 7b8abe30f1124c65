import { beforeAll, describe, expect, it } from 'vitest';
import { addDays, clearSkyPowerW, dayStartMs, daysBetween, startModel } from '#domain';
import { ExpectedService, ExpectedViewService } from '#monitoring';
import { sql } from '#persistence';
import { Clock, createLogger } from '#platform';
import { generateRegistry, writeSnapshot, type StationRecord } from '#registry';
import { createTestDatabase } from '#test-support';

/*
 * Ten stations within 20 km under one sky that changes from day to day and from hour to hour, and one 200 km away, over
 * 75 days; the last 30 of them by quarter hours. One gives half of its power from six days ago on.
 */
const { database } = await createTestDatabase();
const logger = createLogger('worker', { PV_LOG_LEVEL: 'error' });
const TODAY = '2026-06-20';
const FIRST_DAY = addDays(TODAY, -75);
const SICK_FROM = addDays(TODAY, -6);
const YESTERDAY = addDays(TODAY, -1);
const clock = new Clock({ startAt: new Date(`${TODAY}T13:00:00+08:00`), speed: 1e-12 });
const later = new Clock({ startAt: new Date(`${TODAY}T15:00:00+08:00`), speed: 1e-12 });
const service = (version?: string, at = clock) => new ExpectedService(database, at, logger, version);
const views = new ExpectedViewService(database, clock);

/** A number from 0 to 1 that is the same for the same words. */
function share(...words: (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const letter of words.join(' ')) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function pick(): { stations: StationRecord[]; sick: StationRecord; alone: StationRecord } {
  const all = generateRegistry(1);
  const simple = all.stations.filter(
    ({ kind, commissionedOn }) => kind === 'single' && commissionedOn < FIRST_DAY,
  );
  const townships = [...new Set(simple.map(({ townshipCode }) => townshipCode))];
  const stations = townships.slice(0, 11).flatMap((code, index) => {
    const station = simple.find(({ townshipCode }) => townshipCode === code);
    if (!station) return [];
    const isAlone = index === 10;
    return [
      {
        ...station,
        latitude: isAlone ? 39.4 : 37.4 + 0.02 * (index % 4),
        longitude: 111.1 + 0.02 * (index >> 2),
      },
    ];
  });
  const [, sick] = stations;
  const alone = stations[10];
  if (!sick || !alone) throw new Error('the registry has no eleven townships');
  return { stations, sick, alone };
}
const { stations, sick, alone } = pick();

/** Power of a station in a quarter hour, W, when nothing is wrong. */
function healthyW(station: StationRecord, day: string, slot: number): number {
  const bright = share('day', day) < 0.6 ? 0.95 : 0.3 + 0.5 * share('index', day);
  const cloud = bright > 0.9 ? 1 : 0.8 + 0.4 * share('hour', day, slot >> 2);
  const own = 1 + 0.04 * (share('own', station.code, day) - 0.5);
  const model = { ...startModel(0.8), tiltDeg: 30, azimuthDeg: 175 + 10 * share(station.code) };
  const place = {
    latitudeDeg: station.latitude,
    longitudeDeg: station.longitude,
    capacityW: station.capacityW,
  };
  return bright * cloud * own * clearSkyPowerW(model, place, dayStartMs(day) + (slot + 0.5) * 900_000);
}
const energyOf = (station: StationRecord, day: string, slot: number) =>
  Math.round((healthyW(station, day, slot) / 4) * (station === sick && day >= SICK_FROM ? 0.5 : 1));
const slotsOf = (day: string) => Array.from({ length: day === TODAY ? 52 : 96 }, (_, slot) => slot);
const idOf = new Map<string, number>();
const id = ({ code }: StationRecord) => idOf.get(code) ?? 0;

beforeAll(async () => {
  const snapshot = generateRegistry(1);
  const villages = new Set(
    stations.flatMap(({ assetShares, revenueShares }) =>
      [...assetShares, ...revenueShares].map(({ villageCode }) => villageCode),
    ),
  );
  await writeSnapshot(
    database,
    { ...snapshot, villages: snapshot.villages.filter(({ code }) => villages.has(code)), stations },
    { simulated: true, seed: 1 },
  );
  for (const row of await database.query<{ id: number; code: string }>(sql`select id, code from station`))
    idOf.set(row.code, row.id);
  const computedAt = new Date(`${TODAY}T00:30:00+08:00`);
  const days = daysBetween(FIRST_DAY, addDays(TODAY, 1));
  await database.copyInto({
    table: 'station_day',
    columns: ['station_id', 'day', 'energy_wh', 'method', 'quality', 'computed_at'],
    rows: days.flatMap((day) =>
      stations.map((station) => [
        id(station),
        day,
        slotsOf(day).reduce((sum, slot) => sum + energyOf(station, day, slot), 0),
        'meter_counter',
        'measured',
        computedAt,
      ]),
    ),
  });
  await database.copyInto({
    table: 'station_quarter_hour',
    columns: ['station_id', 'starts_at', 'energy_wh', 'method', 'quality'],
    rows: days
      .filter((day) => day >= addDays(TODAY, -30))
      .flatMap((day) =>
        stations.flatMap((station) =>
          slotsOf(day).map((slot) => [
            id(station),
            new Date(dayStartMs(day) + slot * 900_000),
            energyOf(station, day, slot),
            'meter_counter',
            'measured',
          ]),
        ),
      ),
  });
});

/** The first turn sees that the history stands still. */
async function start(one: ExpectedService): Promise<void> {
  await one.turn();
  while ((await one.turn())?.isMore) continue;
}

const dayOfStation = async (station: StationRecord, day: string) => {
  const view = await views.station(station.code, day);
  if (!view?.judgement) throw new Error(`${day} of ${station.code} is not there`);
  return { ...view, judgement: view.judgement };
};

async function stored() {
  return database.query(sql`
    select station_id, day, version, expected_energy_wh, verdict, cause, lost_energy_wh
    from station_expected_day
    order by station_id, day`);
}

describe('expected output', () => {
  const worker = service();
  beforeAll(() => start(worker));

  it('judges the days of the history and today so far', async () => {
    const [row] = await database.query<{ days: number; open: number }>(sql`
      select count(distinct day) filter (where is_final)::int as days,
        count(*) filter (where not is_final)::int as open
      from station_expected_day`);
    expect(row).toEqual({ days: 75, open: 11 });
  });

  it('finds a station that gives half, since when, and what is missing', async () => {
    const { judgement, days, curve } = await dayOfStation(sick, YESTERDAY);
    expect(judgement.verdict).toBe('very_low');
    expect(judgement.sinceDay).toBe(SICK_FROM);
    expect(judgement.ratio).toBeCloseTo(0.5, 1);
    expect(judgement.cause).not.toBe('none');
    expect(judgement.cause).not.toBe('weather');
    const sickDays = days.filter(({ day }) => day >= SICK_FROM && day <= YESTERDAY);
    const lostWh = sickDays.reduce((sum, { lostEnergyWh }) => sum + (lostEnergyWh ?? 0), 0);
    const trueWh = sickDays.reduce(
      (sum, { day }) => sum + slotsOf(day).reduce((wh, slot) => wh + healthyW(sick, day, slot) / 8, 0),
      0,
    );
    expect(lostWh / trueWh).toBeGreaterThan(0.93);
    expect(lostWh / trueWh).toBeLessThan(1.07);
    expect(Number(judgement.lostAmountFen)).toBeGreaterThan(0);
    const noon = curve?.expectedPowerW[32] ?? 0;
    expect(noon / healthyW(sick, YESTERDAY, 48)).toBeCloseTo(1, 0);
  });

  it('calls its neighbours normal, before and after', async () => {
    const rows = await database.query<{ verdict: string }>(sql`
      select verdict from station_expected_day
      where is_final and verdict not in ('normal', 'learning', 'not_judged') and station_id <> ${id(sick)}::int`);
    expect(rows.length).toBeLessThan(0.04 * 75 * 9);
    expect(rows.filter(({ verdict }) => verdict !== 'watch')).toEqual([]);
  });

  it('says today so far that the sick one makes half', async () => {
    const { judgement, curve } = await dayOfStation(sick, TODAY);
    expect(judgement.isFinal).toBe(false);
    expect(judgement.ratio).toBeCloseTo(0.5, 1);
    expect(curve?.expectedPowerW.slice(-20).every((powerW) => powerW === null)).toBe(true);
  });

  it('does not judge a station without neighbours', async () => {
    const { judgement } = await dayOfStation(alone, YESTERDAY);
    expect(judgement).toMatchObject({
      verdict: 'not_judged',
      notJudgedBecause: 'no_peers',
      expectedEnergyWh: null,
    });
  });

  it('gives the fleet, the worst loss first, with defined indicators', async () => {
    const fleet = await views.fleet({ day: YESTERDAY });
    expect(fleet.items[0]?.code).toBe(sick.code);
    expect(fleet.totals.byVerdict.very_low).toBe(1);
    expect(fleet.totals.indicators[0]).toMatchObject({ id: 'attainment_rate.1', count: 9, of: 10 });
  });

  it('comes to the same after a restart, and does nothing where nothing is due', async () => {
    const before = await stored();
    const other = service();
    expect(await other.turn()).toMatchObject({ folded: 0 });
    expect(await stored()).toEqual(before);
  });

  it('judges a day again when its energy is worked out again', async () => {
    const neighbour = stations[4];
    if (!neighbour) throw new Error('no neighbour');
    const late = addDays(TODAY, -3);
    await database.query(sql`
      update station_quarter_hour set energy_wh = energy_wh / 10
      where station_id = ${id(neighbour)}::int and starts_at >= ${new Date(dayStartMs(late))}::timestamptz
        and starts_at < ${new Date(dayStartMs(addDays(late, 1)))}::timestamptz`);
    await database.query(sql`
      update station_day set energy_wh = energy_wh / 10, computed_at = ${new Date(`${TODAY}T10:00:00+08:00`)}::timestamptz
      where station_id = ${id(neighbour)}::int and day = ${late}::date`);
    expect(await service().turn()).toMatchObject({ folded: 3 });
    const { judgement } = await dayOfStation(neighbour, late);
    expect(judgement.ratio).toBeCloseTo(0.1, 1);
    expect(['watch', 'very_low']).toContain(judgement.verdict);
  });

  it('is quiet on a registered outage', async () => {
    const quiet = addDays(TODAY, -2);
    await database.query(sql`
      insert into registered_outage (station_id, kind, from_at, to_at, reason, registered_by, registered_at)
      values (${id(sick)}::int, 'planned', ${new Date(`${quiet}T10:00:00+08:00`)}::timestamptz,
        ${new Date(`${quiet}T12:00:00+08:00`)}::timestamptz, 'line work', 'somebody',
        ${new Date(`${TODAY}T14:00:00+08:00`)}::timestamptz)`);
    await service(undefined, later).turn();
    expect((await dayOfStation(sick, quiet)).judgement).toMatchObject({
      verdict: 'excluded',
      cause: 'registered_outage',
    });
  });

  it('judges everything again with another version, and two workers do it once', async () => {
    const [one, other] = [service('trial-2', later), service('trial-2', later)];
    // 75 days that are over, and today beside them. Each looks twice whether the history still grows, and either may have been the one who looked.
    const folded: number[] = [];
    for (let round = 0; round < 8; round += 1)
      for (const turn of await Promise.all([one.turn(), other.turn()])) folded.push(turn?.folded ?? 0);
    const rows = await database.query<{ version: string; n: number }>(sql`
      select version, count(*)::int as n from station_expected_day group by version`);
    expect(rows).toEqual([{ version: 'trial-2', n: 11 * 76 }]);
    expect(folded.reduce((sum, days) => sum + days, 0)).toBe(75);
  });
});
