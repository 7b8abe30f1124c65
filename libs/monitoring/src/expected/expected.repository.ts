import { DEVICE_STATUS_CODES } from '#contracts';
import {
  addDays,
  DAY_MS,
  dayStartMs,
  QUARTER_HOUR_MS,
  QUARTER_HOURS_PER_DAY,
  startBands,
  stringDispersion,
  type BandTable,
  type StationModel,
} from '#domain';
import { sql, type Database } from '#persistence';
import {
  bandTableSchema,
  deviceFactsSchema,
  keptStationSchema,
  NO_FACTS,
  stationModelSchema,
  type DeviceFacts,
  type InverterDay,
  type KeptStation,
  type MeasuredDay,
  type RegisteredStation,
} from './expected-types.ts';
import { LIGHT_FROM_HOUR, LIGHT_TO_HOUR, PlantHistory } from './plant-history.ts';

const LIGHT_SLOTS = (LIGHT_TO_HOUR - LIGHT_FROM_HOUR) * 4;
const HOUR_MS = 3_600_000;

export interface StoredModel {
  stationId: number;
  version: string;
  fittedAt: Date;
  fittedDay: string;
  capacityW: number;
  model: StationModel;
}

interface QuarterRow {
  stationId: number;
  slots: number[];
  energiesWh: number[];
}

/** What the expected output asks the database. Days are Shanghai days. */
export class ExpectedRepository {
  readonly plants: PlantHistory;

  constructor(private readonly database: Database) {
    this.plants = new PlantHistory(database);
  }

  async stations(): Promise<RegisteredStation[]> {
    return this.database.query<RegisteredStation>(sql`
      select s.id as "stationId", s.latitude as "latitudeDeg", s.longitude as "longitudeDeg",
        s.capacity_w::float8 as "capacityW", s.rated_ac_w::float8 as "ratedAcW", s.township_code as "townshipCode",
        t.county_code as "countyCode", s.commissioned_on as "commissionedOn"
      from station s
      join township t on t.code = s.township_code
      order by s.id`);
  }

  async models(): Promise<StoredModel[]> {
    const rows = await this.database.query<Omit<StoredModel, 'model'> & { model: unknown }>(sql`
      select station_id as "stationId", version, fitted_at as "fittedAt", fitted_day as "fittedDay", capacity_w::float8 as "capacityW", model
      from station_model`);
    return rows.map((row) => ({ ...row, model: stationModelSchema.parse(row.model) }));
  }

  async peerSigmas(): Promise<{ stationId: number; peerId: number; sigma: number | null }[]> {
    return this.database.query(sql`
      select station_id as "stationId", peer_id as "peerId", sigma from station_peer`);
  }

  /** First day, from `from` on, of which any energy is known; the quarter hours' is told apart, to see that they came. */
  async dataBounds(from: string): Promise<{ firstDay: string | null; firstQuarterAt: Date | null }> {
    const [row] = await this.database.query<{ firstDay: string | null; firstQuarterAt: Date | null }>(sql`
      select (select min(day) from station_day where day >= ${from}::date) as "firstDay",
        (select min(starts_at) from station_quarter_hour
          where starts_at >= ${new Date(dayStartMs(from))}::timestamptz) as "firstQuarterAt"`);
    return row ?? { firstDay: null, firstQuarterAt: null };
  }

  /** True where energy is known of every day from `from` to before `today`, and quarter hours of today. */
  async hasAllDays(from: string, today: string): Promise<boolean> {
    const [row] = await this.database.query<{ has: boolean }>(sql`
      select (select count(distinct day) from station_day where day >= ${from}::date and day < ${today}::date)
          = ${today}::date - ${from}::date
        and exists (
          select 1 from station_quarter_hour
          where starts_at >= ${new Date(dayStartMs(today))}::timestamptz) as has`);
    return row?.has ?? false;
  }

  /** Mean powers of the quarter hours of several days of a station, W, by day. */
  async powersOfStation(
    stationId: number,
    span: { from: string; to: string },
  ): Promise<{ day: string; powersW: (number | null)[] }[]> {
    const from = new Date(dayStartMs(span.from));
    const rows = await this.database.query<{ dayNo: number; slots: number[]; energiesWh: number[] }>(sql`
      select (since_s / 86400)::int as "dayNo", array_agg((since_s % 86400) / 900) as slots,
        array_agg(energy_wh) as "energiesWh"
      from (
        select extract(epoch from starts_at - ${from}::timestamptz)::int as since_s, energy_wh::int
        from station_quarter_hour
        where station_id = ${stationId}::int and quality <> 'incomplete'
          and starts_at >= ${from}::timestamptz and starts_at < ${new Date(dayStartMs(span.to))}::timestamptz
      ) as known
      group by 1
      order by 1`);
    return rows.map(({ dayNo, slots, energiesWh }) => {
      const powersW = emptyDay();
      slots.forEach((slot, index) => {
        powersW[slot] = (energiesWh[index] ?? 0) * 4;
      });
      return { day: addDays(span.from, dayNo), powersW };
    });
  }

  /**
   * Everything measured on a day, by station.
   * @param options.withFacts false leaves out what the devices said beside energy (today so far).
   */
  async measuredDay(
    day: string,
    options: { withFacts: boolean },
  ): Promise<{ byStation: Map<number, MeasuredDay>; isKnown: boolean }> {
    const [quarters, energies, inverters, prices, outages, epochs, facts] = await Promise.all([
      this.quarters(day),
      this.energies(day),
      this.inverterDays(day),
      this.prices(day),
      this.plants.outages(day),
      this.plants.epochs(day),
      options.withFacts ? this.factsOf(day) : new Map<number, DeviceFacts>(),
    ]);
    const byId = new Map(quarters.map((row) => [row.stationId, row]));
    const inverterRows = Map.groupBy(inverters, ({ stationId }) => stationId);
    const measured = new Map<number, MeasuredDay>();
    for (const { stationId, energyWh, quality, computedAt } of energies) {
      const powersW = emptyDay();
      const row = byId.get(stationId);
      row?.slots.forEach((slot, index) => {
        powersW[slot] = (row.energiesWh[index] ?? 0) * 4;
      });
      const own = inverterRows.get(stationId) ?? [];
      measured.set(stationId, {
        powersW,
        energyWh,
        isWholeDay: energyWh !== null && quality !== 'incomplete',
        energyComputedAt: computedAt,
        priceHaoPerKwh: prices.get(stationId) ?? 0,
        inverters: own.filter(({ kind }) => kind === 'inverter'),
        facts: { ...(facts.get(stationId) ?? NO_FACTS), ...energiesOfDevices(own) },
        isOutage: outages.has(stationId),
        epoch: epochs.get(stationId) ?? null,
      });
    }
    return {
      byStation: measured,
      isKnown: quarters.length > 0 || energies.some(({ energyWh }) => energyWh !== null),
    };
  }

  private quarters(day: string): Promise<QuarterRow[]> {
    const from = new Date(dayStartMs(day));
    return this.database.query<QuarterRow>(sql`
      select station_id as "stationId",
        array_agg((extract(epoch from starts_at - ${from}::timestamptz) / 900)::int) as slots,
        array_agg(energy_wh::int) as "energiesWh"
      from station_quarter_hour
      where starts_at >= ${from}::timestamptz and starts_at < ${new Date(from.getTime() + DAY_MS)}::timestamptz
        and quality <> 'incomplete'
      group by station_id`);
  }

  private energies(day: string) {
    return this.database.query<{
      stationId: number;
      energyWh: number | null;
      quality: string | null;
      computedAt: Date | null;
    }>(sql`
      select s.id as "stationId", e.energy_wh::float8 as "energyWh", e.quality, e.computed_at as "computedAt"
      from station s
      left join station_day e on e.station_id = s.id and e.day = ${day}::date
      order by s.id`);
  }

  private inverterDays(day: string) {
    return this.database.query<InverterDay & { stationId: number; kind: string }>(sql`
      select d.station_id as "stationId", d.id as "deviceId", d.code, d.kind, d.rated_power_w::float8 as "ratedPowerW",
        e.energy_wh::float8 as "energyWh"
      from device_day e
      join device d on d.id = e.device_id
      where e.day = ${day}::date and e.quality <> 'incomplete'
      order by d.id`);
  }

  private async prices(day: string): Promise<Map<number, number>> {
    const rows = await this.database.query<{ stationId: number; priceHaoPerKwh: number }>(sql`
      select station_id as "stationId", sum(price_hao_per_kwh)::int as "priceHaoPerKwh"
      from tariff
      where effective_from <= ${day}::date and (effective_to is null or effective_to > ${day}::date)
      group by station_id`);
    return new Map(rows.map(({ stationId, priceHaoPerKwh }) => [stationId, priceHaoPerKwh]));
  }

  /** What the devices said beside energy: stored where the day was judged after the same roll-up, else asked again. */
  private async factsOf(day: string): Promise<Map<number, DeviceFacts>> {
    const stored = await this.database.query<{ stationId: number; indicators: unknown }>(sql`
      select x.station_id as "stationId", x.indicators
      from station_expected_day x
      left join station_day e on e.station_id = x.station_id and e.day = x.day
      where x.day = ${day}::date and x.is_final and x.energy_computed_at is not distinct from date_trunc('milliseconds', e.computed_at)`);
    const facts = new Map(
      stored.map(({ stationId, indicators }) => [stationId, deviceFactsSchema.parse(indicators)]),
    );
    const asked = await this.askDevices(day, [...facts.keys()]);
    for (const [stationId, own] of asked) facts.set(stationId, own);
    return facts;
  }

  private async askDevices(day: string, known: readonly number[]): Promise<Map<number, DeviceFacts>> {
    const startMs = dayStartMs(day);
    const from = new Date(startMs + LIGHT_FROM_HOUR * HOUR_MS);
    const to = new Date(startMs + LIGHT_TO_HOUR * HOUR_MS);
    // Of most days of a long history no readings are kept, and every device would be asked for nothing.
    if (!(await this.hasReadings(from, to))) return new Map();
    const [seen, strings] = await Promise.all([
      this.database.query<{
        stationId: number;
        inverters: number;
        received: number;
        heard: number;
        faultWeight: number;
        weight: number;
        limited: number;
        temperatureDc: number | null;
        voltageShare: number | null;
      }>(sql`
        with slot as (
          select r.device_id, date_bin('15 minutes', r.measured_at, ${from}::timestamptz) as at,
            bool_or(r.status = ${DEVICE_STATUS_CODES.fault}) as is_fault,
            bool_or(r.status = ${DEVICE_STATUS_CODES.limited}) as is_limited,
            max(r.temperature_dc) as temperature_dc,
            max(greatest(r.line_voltages_dv[1], r.line_voltages_dv[2], r.line_voltages_dv[3])) as voltage_dv
          from reading r
          join device d on d.id = r.device_id
          where r.measured_at >= ${from}::timestamptz and r.measured_at < ${to}::timestamptz
            and d.kind = 'inverter' and d.station_id <> all (${known}::int[])
          group by 1, 2
        ), per_device as (
          select device_id, count(*)::int as slots, count(*) filter (where is_fault)::int as faults,
            count(*) filter (where is_limited)::int as limited, max(temperature_dc) as temperature_dc,
            max(voltage_dv)::float8 / nullif(percentile_cont(0.5) within group (order by voltage_dv), 0) as voltage_share
          from slot
          group by device_id
        )
        select d.station_id as "stationId", count(*)::int as inverters, coalesce(sum(p.slots), 0)::int as received,
          count(p.device_id)::int as heard,
          coalesce(sum(p.faults * d.rated_power_w::float8), 0) as "faultWeight",
          sum(d.rated_power_w::float8) as weight,
          coalesce(sum(p.limited), 0)::int as limited, max(p.temperature_dc) as "temperatureDc",
          max(p.voltage_share) as "voltageShare"
        from device d
        left join per_device p on p.device_id = d.id
        where d.kind = 'inverter' and d.station_id <> all (${known}::int[])
        group by d.station_id
        having count(p.device_id) > 0`),
      this.strings(startMs, known),
    ]);
    return new Map(
      seen.map((row) => [
        row.stationId,
        {
          ...NO_FACTS,
          receivedSlots: row.received,
          dueSlots: row.inverters * LIGHT_SLOTS,
          availability: row.weight > 0 ? 1 - row.faultWeight / (row.weight * LIGHT_SLOTS) : null,
          limitedShare: row.received > 0 ? row.limited / row.received : null,
          temperatureC: row.temperatureDc === null ? null : row.temperatureDc / 10,
          voltageShare: row.voltageShare,
          ...strings.get(row.stationId),
        },
      ]),
    );
  }

  private async hasReadings(from: Date, to: Date): Promise<boolean> {
    const [row] = await this.database.query<{ has: boolean }>(sql`
      select exists (
        select 1 from reading where measured_at >= ${from}::timestamptz and measured_at < ${to}::timestamptz) as has`);
    return row?.has ?? false;
  }

  /** String currents at noon: the most uneven inverter of each station. */
  private async strings(startMs: number, known: readonly number[]) {
    const noon = startMs + 12 * HOUR_MS;
    const rows = await this.database.query<{
      stationId: number;
      code: string;
      currents: (number | null)[];
    }>(sql`
      select d.station_id as "stationId", d.code, r.string_currents_ca::int[] as currents
      from device d
      join lateral (
        select string_currents_ca
        from reading
        where device_id = d.id and measured_at >= ${new Date(noon)}::timestamptz
          and measured_at < ${new Date(noon + QUARTER_HOUR_MS)}::timestamptz and string_currents_ca is not null
          and active_power_w > 0.3 * d.rated_power_w
        order by measured_at
        limit 1) r on true
      where d.kind = 'inverter' and d.station_id <> all (${known}::int[])`);
    const worst = new Map<
      number,
      Pick<DeviceFacts, 'dispersion' | 'weakestShare' | 'weakestInverter'> & { dispersion: number }
    >();
    for (const { stationId, code, currents } of rows) {
      const found = stringDispersion(
        currents.map((currentCa) => ({ currentA: currentCa === null ? null : currentCa / 100, modules: 1 })),
      );
      if (found && found.dispersion > (worst.get(stationId)?.dispersion ?? -1))
        worst.set(stationId, { ...found, weakestInverter: code });
    }
    return worst;
  }

  /** The last day folded with a version, and the first. */
  async foldedDays(version: string): Promise<{ first: string | null; last: string | null; stale: boolean }> {
    const [row] = await this.database.query<{
      first: string | null;
      last: string | null;
      stale: boolean;
    }>(sql`
      select min(day) filter (where version = ${version}) as first, max(day) filter (where version = ${version}) as last,
        coalesce(bool_or(version <> ${version}), false) as stale
      from fleet_expected_day`);
    return row ?? { first: null, last: null, stale: false };
  }

  /** When a day was folded; null where it was not. */
  async foldedAt(version: string, day: string): Promise<Date | null> {
    const [row] = await this.database.query<{ foldedAt: Date }>(sql`
      select folded_at as "foldedAt" from fleet_expected_day where day = ${day}::date and version = ${version}`);
    return row?.foldedAt ?? null;
  }

  /** The first folded day whose energy, epochs or outages are not those that it was judged with; null: none. */
  async firstChangedDay(from: string, to: string): Promise<string | null> {
    const [row] = await this.database.query<{ day: string | null }>(sql`
      select min(day) as day from (
        select min(e.day) as day
        from station_day e
        left join station_expected_day x on x.station_id = e.station_id and x.day = e.day
        join station s on s.id = e.station_id and s.commissioned_on <= e.day
        where e.day between ${from}::date and ${to}::date
          and (x.energy_computed_at is distinct from date_trunc('milliseconds', e.computed_at) or not x.is_final)
        union all
        select min(p.from_day)
        from station_epoch p
        join fleet_expected_day f on f.day = p.from_day
        where p.from_day between ${from}::date and ${to}::date
          and greatest(p.entered_at, p.cancelled_at) > f.folded_at
        union all
        select min(f.day)
        from registered_outage o
        join fleet_expected_day f on f.day >= (o.from_at at time zone 'Asia/Shanghai')::date
          -- Once its end is said, the days behind it were judged without one.
          and (o.to_at is null or o.ended_at > f.folded_at or f.day <= (o.to_at at time zone 'Asia/Shanghai')::date)
        where f.day between ${from}::date and ${to}::date
          and greatest(o.registered_at, o.ended_at, o.cancelled_at) > f.folded_at
      ) as changed`);
    return row?.day ?? null;
  }

  async waitsForRollUp(day: string): Promise<boolean> {
    const [row] = await this.database.query<{ waits: boolean }>(sql`
      select exists (select 1 from dirty_station_day where day = ${day}::date) as waits`);
    return row?.waits ?? false;
  }

  /** The last day up to `day` whose memory is kept; null: none. */
  async checkpointDay(version: string, day: string): Promise<string | null> {
    const [row] = await this.database.query<{ day: string | null }>(sql`
      select max(day) as day from station_expected_memory where version = ${version} and day <= ${day}::date`);
    return row?.day ?? null;
  }

  async memoryOf(day: string): Promise<{ bands: BandTable; kept: Map<number, KeptStation> }> {
    const [rows, [fleet]] = await Promise.all([
      this.database.query<{ stationId: number; memory: unknown }>(sql`
        select station_id as "stationId", memory from station_expected_memory where day = ${day}::date`),
      this.database.query<{ bands: unknown }>(sql`
        select bands from fleet_expected_day where day = ${day}::date`),
    ]);
    return {
      bands: fleet ? bandTableSchema.parse(fleet.bands) : startBands(),
      kept: new Map(rows.map(({ stationId, memory }) => [stationId, keptStationSchema.parse(memory)])),
    };
  }

  async bandsOf(day: string): Promise<BandTable | null> {
    const [row] = await this.database.query<{ bands: unknown }>(sql`
      select bands from fleet_expected_day where day = ${day}::date`);
    return row ? bandTableSchema.parse(row.bands) : null;
  }

  /** Judged days of healthy stations, for the bands. */
  async bandSamples(span: { from: string; to: string }) {
    return this.database.query<{
      stationId: number;
      skyIndex: number;
      spread: number;
      deviation: number;
    }>(sql`
      select station_id as "stationId", sky_index::float8 as "skyIndex", spread::float8 as spread,
        ln(ratio)::float8 as deviation
      from station_expected_day
      where day >= ${span.from}::date and day <= ${span.to}::date and verdict in ('normal', 'watch')
        and ratio between 0.5 and 2`);
  }

  /** Mean clear-sky index of each station and day. */
  async ownIndices(from: string) {
    return this.database.query<{ stationId: number; day: string; ownIndex: number }>(sql`
      select station_id as "stationId", day, own_index::float8 as "ownIndex"
      from station_expected_day
      where day >= ${from}::date and own_index > 0.05 and is_final`);
  }
}

const emptyDay = (): (number | null)[] => Array.from({ length: QUARTER_HOURS_PER_DAY }, () => null);

/** Sums of the inverters and meters of a station; null where one of them is not known. */
function energiesOfDevices(
  rows: readonly { kind: string; energyWh: number | null }[],
): Pick<DeviceFacts, 'invertersWh' | 'meterWh'> {
  const sumOf = (kind: string): number | null => {
    const own = rows.filter((row) => row.kind === kind);
    return own.length === 0 || own.some(({ energyWh }) => energyWh === null)
      ? null
      : own.reduce((sum, { energyWh }) => sum + (energyWh ?? 0), 0);
  };
  return { invertersWh: sumOf('inverter'), meterWh: sumOf('meter') };
}
