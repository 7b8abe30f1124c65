import { addDays, DAY_MS, type BandTable, type StationModel } from '#domain';
import { sql, type Queryable } from '#persistence';
import type { CurveRow, ExpectedDayRow } from './day-rows.ts';
import type { KeptStation } from './expected-types.ts';

/** Days whose memory is kept one by one; of earlier ones, every seventh. */
const DAILY_MEMORIES = 14;
/** Nothing is folded again from further back. */
const MEMORY_DAYS = 125;
const CURVE_DAYS = 90;
/** A Sunday from which the weeks of kept memories are counted. */
const MEMORY_DAY_MS = Date.parse('2020-01-05');

/** Arrays in SQL must be rectangular text; null elements are `NULL`. */
const arrayText = (values: readonly (number | null)[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : String(value))).join(',')}}`;

/** Replaces what is stored of a day. */
export async function storeDayRows(
  transaction: Queryable,
  given: { version: string; rows: readonly ExpectedDayRow[]; computedAt: Date },
): Promise<void> {
  const { rows, version, computedAt } = given;
  const column = <K extends keyof ExpectedDayRow>(key: K) => rows.map((row) => row[key]);
  await transaction.query(sql`
    insert into station_expected_day as x (station_id, day, version, expected_energy_wh, low_energy_wh, high_energy_wh,
      energy_wh, compared_energy_wh, compared_expected_wh, energy_computed_at, sky_class, sky_index, spread, peers, ratio,
      sigma, own_index, verdict, since_day, cause, evidence, indicators, lost_energy_wh, lost_amount_fen, is_final, computed_at)
    select u.station_id, u.day, ${version}, u.expected, u.low, u.high, u.energy, u.compared, u.compared_expected,
      u.energy_computed_at, u.sky_class, u.sky_index, u.spread, u.peers, u.ratio, u.sigma, u.own_index, u.verdict, u.since_day, u.cause, u.evidence::jsonb,
      u.indicators::jsonb, u.lost, u.lost_fen, u.is_final, ${computedAt}::timestamptz
    from unnest(${column('stationId')}::int[], ${column('day')}::date[], ${column('expectedEnergyWh')}::bigint[],
      ${column('lowEnergyWh')}::bigint[], ${column('highEnergyWh')}::bigint[], ${column('energyWh')}::bigint[],
      ${column('comparedEnergyWh')}::bigint[], ${column('comparedExpectedWh')}::bigint[],
      ${column('energyComputedAt')}::timestamptz[], ${column('skyClass')}::text[], ${column('skyIndex')}::real[],
      ${column('spread')}::real[], ${column('peers')}::smallint[], ${column('ratio')}::real[],
      ${column('sigma')}::real[], ${column('ownIndex')}::real[], ${column('verdict')}::text[],
      ${column('sinceDay')}::date[], ${column('cause')}::text[], ${column('evidence')}::text[],
      ${column('indicators')}::text[], ${column('lostEnergyWh')}::bigint[], ${column('lostAmountFen')}::bigint[],
      ${column('isFinal')}::boolean[])
      as u (station_id, day, expected, low, high, energy, compared, compared_expected, energy_computed_at, sky_class,
        sky_index, spread, peers, ratio, sigma, own_index, verdict, since_day, cause, evidence, indicators, lost, lost_fen, is_final)
    order by 1, 2
    on conflict (station_id, day) do update set version = excluded.version,
      expected_energy_wh = excluded.expected_energy_wh, low_energy_wh = excluded.low_energy_wh,
      high_energy_wh = excluded.high_energy_wh, energy_wh = excluded.energy_wh,
      compared_energy_wh = excluded.compared_energy_wh, compared_expected_wh = excluded.compared_expected_wh,
      energy_computed_at = excluded.energy_computed_at, sky_class = excluded.sky_class, sky_index = excluded.sky_index,
      spread = excluded.spread, peers = excluded.peers, ratio = excluded.ratio, sigma = excluded.sigma,
      own_index = excluded.own_index, verdict = excluded.verdict, since_day = excluded.since_day,
      cause = excluded.cause, evidence = excluded.evidence, indicators = excluded.indicators,
      lost_energy_wh = excluded.lost_energy_wh, lost_amount_fen = excluded.lost_amount_fen,
      is_final = excluded.is_final, computed_at = excluded.computed_at`);
}

export async function storeCurves(
  transaction: Queryable,
  rows: readonly CurveRow[],
  computedAt: Date,
): Promise<void> {
  await transaction.query(sql`
    insert into station_expected_curve (station_id, day, first_slot_at, expected_power_w, low_power_w, high_power_w,
      neighbours_power_w, computed_at)
    select station_id, day, first_slot_at, expected::int[], low::int[], high::int[], neighbours::int[],
      ${computedAt}::timestamptz
    from unnest(${rows.map(({ stationId }) => stationId)}::int[], ${rows.map(({ day }) => day)}::date[],
      ${rows.map(({ firstSlotAt }) => firstSlotAt)}::timestamptz[],
      ${rows.map(({ expectedPowerW }) => arrayText(expectedPowerW))}::text[],
      ${rows.map(({ lowPowerW }) => arrayText(lowPowerW))}::text[],
      ${rows.map(({ highPowerW }) => arrayText(highPowerW))}::text[],
      ${rows.map(({ neighboursPowerW }) => arrayText(neighboursPowerW))}::text[])
      as u (station_id, day, first_slot_at, expected, low, high, neighbours)
    order by 1, 2
    on conflict (station_id, day) do update set first_slot_at = excluded.first_slot_at,
      expected_power_w = excluded.expected_power_w, low_power_w = excluded.low_power_w,
      high_power_w = excluded.high_power_w, neighbours_power_w = excluded.neighbours_power_w,
      computed_at = excluded.computed_at`);
}

/** Of which days the memory is kept: each of the last ones up to the last that is over, and every seventh before. */
export const isMemoryDay = (day: string, lastDay: string): boolean =>
  day >= addDays(lastDay, 1 - DAILY_MEMORIES) || ((Date.parse(day) - MEMORY_DAY_MS) / DAY_MS) % 7 === 0;

/** What is remembered at the end of a day; what is older than anybody folds from goes. */
export async function storeMemory(
  transaction: Queryable,
  given: { day: string; version: string; kept: ReadonlyMap<number, string> },
): Promise<void> {
  const { day, version, kept } = given;
  await transaction.query(sql`
    insert into station_expected_memory (day, station_id, version, memory)
    select ${day}::date, station_id, ${version}, memory::jsonb
    from unnest(${[...kept.keys()]}::int[], ${[...kept.values()]}::text[])
      as u (station_id, memory)
    on conflict (day, station_id) do update set version = excluded.version, memory = excluded.memory`);
  await transaction.query(sql`
    delete from station_expected_memory
    where day < ${day}::date - ${MEMORY_DAYS}::int
      or (day < ${day}::date - ${DAILY_MEMORIES}::int and (day - date '2020-01-05') % 7 <> 0)`);
}

/** A day is folded: the row that says so. */
export async function storeFleetDay(
  transaction: Queryable,
  given: {
    day: string;
    version: string;
    bands: BandTable;
    stations: number;
    judged: number;
    tookMs: number;
    foldedAt: Date;
  },
): Promise<void> {
  await transaction.query(sql`
    insert into fleet_expected_day (day, version, bands, stations, judged, took_ms, folded_at)
    values (${given.day}::date, ${given.version}, ${JSON.stringify(given.bands)}::jsonb, ${given.stations}::int,
      ${given.judged}::int, ${Math.round(given.tookMs)}::int, ${given.foldedAt}::timestamptz)
    on conflict (day) do update set version = excluded.version, bands = excluded.bands, stations = excluded.stations,
      judged = excluded.judged, took_ms = excluded.took_ms, folded_at = excluded.folded_at`);
}

/**
 * Days from `from` on count as not folded, nor is what was remembered of them gone on from: they are folded again, if need
 * be in several turns. What was judged of them stays to be seen until then.
 */
export async function forgetFoldedFrom(queryable: Queryable, from: string): Promise<void> {
  await queryable.query(sql`
    with gone as (delete from fleet_expected_day where day >= ${from}::date)
    delete from station_expected_memory where day >= ${from}::date`);
}

export async function dropOldCurves(queryable: Queryable, today: string): Promise<void> {
  await queryable.query(
    sql`delete from station_expected_curve where day < ${today}::date - ${CURVE_DAYS}::int`,
  );
}

/** The text of a memory, which is rounded already. */
export const memoryText = (kept: KeptStation): string => JSON.stringify(kept);

export async function storeModels(
  transaction: Queryable,
  given: {
    version: string;
    day: string;
    fittedAt: Date;
    models: readonly { stationId: number; capacityW: number; model: StationModel }[];
  },
): Promise<void> {
  const { version, day, fittedAt, models } = given;
  await transaction.query(sql`
    insert into station_model (station_id, version, fitted_at, fitted_day, capacity_w, model)
    select station_id, ${version}, ${fittedAt}::timestamptz, ${day}::date, capacity_w, model::jsonb
    from unnest(${models.map(({ stationId }) => stationId)}::int[],
      ${models.map(({ capacityW }) => capacityW)}::bigint[],
      ${models.map(({ model }) => JSON.stringify(model))}::text[]) as u (station_id, capacity_w, model)
    on conflict (station_id) do update set version = excluded.version, fitted_at = excluded.fitted_at,
      fitted_day = excluded.fitted_day, capacity_w = excluded.capacity_w, model = excluded.model`);
}

/** A station with another power is another plant from this day on. */
export async function storeRePowered(
  transaction: Queryable,
  given: { stationIds: readonly number[]; day: string; at: Date },
): Promise<void> {
  await transaction.query(sql`
    insert into station_epoch (station_id, from_day, reason, entered_by, entered_at)
    select station_id, ${given.day}::date, 're_powered', 'system', ${given.at}::timestamptz
    from unnest(${given.stationIds}::int[]) as u (station_id)
    on conflict do nothing`);
}

export async function storePeers(
  transaction: Queryable,
  rows: readonly { stationId: number; peerId: number; distanceKm: number; sigma: number | null }[],
  weighedAt: Date,
): Promise<void> {
  await transaction.query(sql`delete from station_peer`);
  await transaction.query(sql`
    insert into station_peer (station_id, peer_id, distance_km, sigma, weighed_at)
    select *, ${weighedAt}::timestamptz
    from unnest(${rows.map(({ stationId }) => stationId)}::int[], ${rows.map(({ peerId }) => peerId)}::int[],
      ${rows.map(({ distanceKm }) => distanceKm)}::real[], ${rows.map(({ sigma }) => sigma)}::real[])`);
}
