import { DAY_MS } from '#domain';
import type { Clock, Logger } from '#platform';
import { sql, type Database } from '#persistence';
import { dayIndexAt, gatewaySchedules, ReadingModel, type TruthModel } from '#simulation';
import { fillQuarterHours, fillStationDays } from './missing-days.ts';
import { noteNumbers } from './message-numbers.ts';
import { countOwed, daysNotTaken, historyStep, owedReadings } from './owed-readings.ts';
import { writeReadings, type StationIds } from './reading-history.ts';

/** A gap of no more readings than this is left to the gateways, which send what they owe. */
const OWED_TO_GATEWAYS_MAX = 12;

/** A new installation gets no reading that is older than this. */
const READINGS_LOOK_BACK_MS = 6 * DAY_MS;

export interface TopUpOptions {
  database: Database;
  truth: TruthModel;
  intervalS: number;
  clock: Clock;
  logger: Logger;
}

export interface TopUpResult {
  stationDays: number;
  readings: number;
  /** Up to when the readings of a station are in the database, epoch ms; the gateways go on from there. */
  resumeAfterMs: ReadonlyMap<string, number>;
  /** The time, epoch ms, half-open, of which a station has day sums and no readings. */
  notTaken: ReadonlyMap<string, { fromMs: number; toMs: number } | null>;
  /**
   * Writes the quarter hours of 30 days, the newest first, and returns the rows. Nothing waits for them, so the
   * gateways go on the air meanwhile.
   */
  writeQuarterHours: () => Promise<number>;
}

/**
 * Writes what is missing as if the fleet had always run: station days of 13 months, quarter hours of 30 days, and the
 * readings of today up to now, the same that the gateways would have sent. Running it again writes nothing.
 */
export async function topUpHistory(options: TopUpOptions): Promise<TopUpResult> {
  const { database, truth, logger } = options;
  const nowMs = options.clock.nowMs();
  const stations = await stationIds(database);
  const dayOptions = {
    database,
    truth,
    logger,
    stationId: (code: string) => stations.get(code)?.id ?? null,
    todayIndex: dayIndexAt(nowMs),
    computedAt: new Date(nowMs),
  };
  const stationDays = await fillStationDays(dayOptions);
  return {
    stationDays,
    ...(await topUpReadings(options, stations, nowMs)),
    writeQuarterHours: () => fillQuarterHours(dayOptions),
  };
}

async function topUpReadings(
  options: TopUpOptions,
  stations: ReadonlyMap<string, StationIds>,
  nowMs: number,
): Promise<Pick<TopUpResult, 'readings' | 'resumeAfterMs' | 'notTaken'>> {
  const { database, truth, logger } = options;
  const lastHeardMs = await lastReadings(database, nowMs);
  const readings = new ReadingModel(truth);
  const questions = gatewaySchedules(truth.plant, options.intervalS).map((gateway) => ({
    gateway,
    faults: truth.faults,
    readings,
    lastMs: lastHeardMs.get(gateway.station.code) ?? null,
    nowMs,
  }));
  const limit = OWED_TO_GATEWAYS_MAX + 1;
  // A station that has never been heard counts only if it would have spoken today.
  const behind =
    lastHeardMs.size === 0 ||
    questions.some(
      ({ lastMs, ...question }) =>
        lastMs !== null && countOwed({ ...question, lastMs }, limit) > OWED_TO_GATEWAYS_MAX,
    );
  if (!behind) {
    return {
      readings: 0,
      resumeAfterMs: new Map(questions.map(({ gateway, lastMs }) => [gateway.station.code, lastMs ?? nowMs])),
      notTaken: new Map(),
    };
  }
  const owed = questions.flatMap(owedReadings);
  const fresh = lastHeardMs.size === 0 && !(await hasReadings(database, nowMs));
  const written = await writeReadings({ database, readings, stations, owed, fresh, nowMs });
  // A thinned history leaves numbers out; ingest begins with the first message of the gateways.
  await noteNumbers({
    database,
    readings,
    stations,
    owed: owed.filter(({ gateway }) => historyStep(gateway) === 1),
  });
  logger.info({ event: 'simulator.readings_written', rows: written });
  return {
    readings: written,
    resumeAfterMs: new Map(questions.map(({ gateway }) => [gateway.station.code, nowMs])),
    notTaken: new Map(
      questions.map(({ gateway, lastMs }) => [gateway.station.code, daysNotTaken(lastMs, nowMs)]),
    ),
  };
}

/** True where a start that was broken off has left readings of the last days. */
async function hasReadings(database: Database, nowMs: number): Promise<boolean> {
  const [row] = await database.query<{ found: boolean }>(sql`
    select exists (
      select 1 from reading
      where measured_at > ${new Date(nowMs - READINGS_LOOK_BACK_MS)} and measured_at <= ${new Date(nowMs + DAY_MS)}
    ) as found`);
  return row?.found ?? false;
}

/** Database ids of stations and devices by code. */
async function stationIds(database: Database): Promise<Map<string, StationIds>> {
  const rows = await database.query<{
    station: string;
    station_id: number;
    device: string;
    device_id: number;
  }>(sql`
    select s.code as station, s.id as station_id, d.code as device, d.id as device_id
    from station s
    join device d on d.station_id = s.id
    where s.simulated`);
  const stations = new Map<string, { id: number; devices: Map<string, number> }>();
  for (const row of rows) {
    const station = stations.get(row.station) ?? { id: row.station_id, devices: new Map<string, number>() };
    station.devices.set(row.device, row.device_id);
    stations.set(row.station, station);
  }
  return stations;
}

/** Last reading of every simulated station that has one, epoch ms, never later than now. */
async function lastReadings(database: Database, nowMs: number): Promise<Map<string, number>> {
  const rows = await database.query<{ code: string; measured_at: Date }>(sql`
    select s.code, max(l.measured_at) as measured_at
    from latest_reading l
    join device d on d.id = l.device_id
    join station s on s.id = d.station_id
    where s.simulated
    group by s.code`);
  return new Map(rows.map(({ code, measured_at }) => [code, Math.min(nowMs, measured_at.getTime())]));
}
