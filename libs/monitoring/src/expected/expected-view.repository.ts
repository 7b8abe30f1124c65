import { sql, type Database } from '#persistence';

export interface StoredDay {
  stationId: number;
  day: string;
  version: string;
  expectedEnergyWh: number | null;
  lowEnergyWh: number | null;
  highEnergyWh: number | null;
  energyWh: number | null;
  comparedEnergyWh: number | null;
  comparedExpectedWh: number | null;
  skyClass: string | null;
  peers: number;
  ratio: number | null;
  verdict: string;
  sinceDay: string | null;
  cause: string | null;
  evidence: unknown;
  indicators: unknown;
  lostEnergyWh: number | null;
  lostAmountFen: string | null;
  isFinal: boolean;
  computedAt: Date;
}

export interface StoredCurve {
  firstSlotAt: Date;
  expectedPowerW: (number | null)[];
  lowPowerW: (number | null)[];
  highPowerW: (number | null)[];
  neighboursPowerW: (number | null)[];
  computedAt: Date;
}

export interface NamedStation {
  stationId: number;
  code: string;
  name: string;
  countyCode: string;
  townshipName: string;
  capacityW: number;
}

const COLUMNS = sql`x.station_id as "stationId", x.day, x.version, x.expected_energy_wh::float8 as "expectedEnergyWh",
  x.low_energy_wh::float8 as "lowEnergyWh", x.high_energy_wh::float8 as "highEnergyWh",
  x.energy_wh::float8 as "energyWh",
  x.compared_energy_wh::float8 as "comparedEnergyWh", x.compared_expected_wh::float8 as "comparedExpectedWh", x.sky_class as "skyClass", x.peers, x.ratio, x.verdict, x.since_day as "sinceDay",
  x.cause, x.evidence, x.indicators, x.lost_energy_wh::float8 as "lostEnergyWh",
  x.lost_amount_fen::text as "lostAmountFen", x.is_final as "isFinal", x.computed_at as "computedAt"`;

export class ExpectedViewRepository {
  constructor(private readonly database: Database) {}

  async fleetDay(day: string, countyCode: string | null): Promise<(StoredDay & NamedStation)[]> {
    return this.database.query<StoredDay & NamedStation>(sql`
      select s.code, s.name, t.county_code as "countyCode", t.name as "townshipName",
        s.capacity_w::float8 as "capacityW", ${COLUMNS}
      from station_expected_day x
      join station s on s.id = x.station_id
      join township t on t.code = s.township_code
      where x.day = ${day}::date and (${countyCode}::text is null or t.county_code = ${countyCode}::text)
      order by x.lost_amount_fen desc nulls last, s.code`);
  }

  async station(code: string): Promise<NamedStation | null> {
    const [row] = await this.database.query<NamedStation>(sql`
      select s.id as "stationId", s.code, s.name, t.county_code as "countyCode", t.name as "townshipName",
        s.capacity_w::float8 as "capacityW"
      from station s
      join township t on t.code = s.township_code
      where s.code = ${code}`);
    return row ?? null;
  }

  async days(stationId: number, span: { from: string; to: string }): Promise<StoredDay[]> {
    return this.database.query<StoredDay>(sql`
      select ${COLUMNS}
      from station_expected_day x
      where x.station_id = ${stationId}::int and x.day between ${span.from}::date and ${span.to}::date
      order by x.day`);
  }

  async curve(stationId: number, day: string): Promise<StoredCurve | null> {
    const [row] = await this.database.query<StoredCurve>(sql`
      select first_slot_at as "firstSlotAt", expected_power_w as "expectedPowerW", low_power_w as "lowPowerW",
        high_power_w as "highPowerW", neighbours_power_w as "neighboursPowerW", computed_at as "computedAt"
      from station_expected_curve
      where station_id = ${stationId}::int and day = ${day}::date`);
    return row ?? null;
  }

  /** The nearest neighbours with what the day said of them. */
  async neighbours(stationId: number, options: { day: string; limit: number }) {
    return this.database.query<{
      code: string;
      name: string;
      distanceKm: number;
      ratio: number | null;
      verdict: string | null;
    }>(sql`
      select s.code, s.name, p.distance_km as "distanceKm", x.ratio, x.verdict
      from station_peer p
      join station s on s.id = p.peer_id
      left join station_expected_day x on x.station_id = p.peer_id and x.day = ${options.day}::date
      where p.station_id = ${stationId}::int
      order by p.distance_km, s.code
      limit ${options.limit}::int`);
  }

  async model(stationId: number): Promise<{ version: string; fittedAt: Date; model: unknown } | null> {
    const [row] = await this.database.query<{ version: string; fittedAt: Date; model: unknown }>(sql`
      select version, fitted_at as "fittedAt", model from station_model where station_id = ${stationId}::int`);
    return row ?? null;
  }
}
