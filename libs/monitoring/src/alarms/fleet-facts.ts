import { addDays, dayOf, dayStartMs } from '#domain';
import type { Database } from '#persistence';
import type { Environment } from '#platform';
import { freshSince, type StationView } from '../station-view.ts';
import { AlarmFactsRepository } from './alarm-facts.repository.ts';
import type { Evaluation } from './alarm-ladder.repository.ts';
import type { FleetFacts, StationFacts } from './alarm-observations.ts';

const DAYS_LOOKED_AT = 4;
const HOUR_MS = 3_600_000;
const TOLD_MS = 2 * HOUR_MS;

/** Puts together what alarms of the fleet are judged by at one instant. */
export class FleetFactsReader {
  readonly repository: AlarmFactsRepository;

  constructor(
    database: Database,
    private readonly environment: Environment,
  ) {
    this.repository = new AlarmFactsRepository(database);
  }

  /** @param given.evaluation where the evaluation stands: its grace, and when an ingest was seen last. */
  async fleet(
    views: readonly StationView[],
    given: { now: Date; evaluation: Pick<Evaluation, 'graceUntil' | 'ingestSeenAt'> },
  ): Promise<FleetFacts> {
    const { now, evaluation } = given;
    const nowMs = now.getTime();
    const day = dayOf(nowMs);
    const fresh = freshSince({ nowMs, reportingIntervalMs: this.environment.PV_INTERVAL_S * 1000 });
    const [devices, days, outages, counters, hardTimes] = await Promise.all([
      this.repository.devices(fresh),
      this.repository.expectedDays(addDays(day, -DAYS_LOOKED_AT)),
      this.repository.outagesNow(now),
      this.repository.openCounters(),
      this.repository.hardTimes(new Date(dayStartMs(addDays(day, -DAYS_LOOKED_AT)))),
    ]);
    const devicesOf = Map.groupBy(devices, ({ stationId }) => stationId);
    const daysOf = Map.groupBy(days, ({ stationId }) => stationId);
    const countersOf = new Map(counters.map(({ stationId, count }) => [stationId, count]));
    const hardOf = Map.groupBy(hardTimes, ({ stationId }) => stationId);
    const isPlanned = plannedLookup(outages);
    return {
      nowMs,
      freshSinceMs: fresh.getTime(),
      ingestSeenMs: evaluation.ingestSeenAt?.getTime() ?? null,
      isGrace: evaluation.graceUntil !== null && now < evaluation.graceUntil,
      heardSinceMs: evaluation.graceUntil?.getTime() ?? null,
      stations: views.map(({ station, now: contact, powerW }): StationFacts => {
        const own = daysOf.get(station.id) ?? [];
        return {
          id: station.id,
          countyCode: station.countyCode,
          capacityW: station.capacityW,
          latitude: station.latitude,
          longitude: station.longitude,
          contactMs: contact.contactAt?.getTime() ?? null,
          powerW,
          devices: (devicesOf.get(station.id) ?? []).map((device) => ({
            ...device,
            receivedAtMs: device.receivedAt?.getTime() ?? null,
            measuredAtMs: device.measuredAt?.getTime() ?? null,
          })),
          days: own
            .filter((row) => row.isFinal)
            .map((row) => ({
              endMs: dayStartMs(addDays(row.day, 1)),
              ratio: row.verdict === 'excluded' ? null : row.ratio,
              isSoiled: row.cause === 'soiling',
              isTold: isTold(row.day, hardOf.get(station.id) ?? [], nowMs),
            })),
          hasSnow: own.some((row) => row.day === day && row.cause === 'snow'),
          isPlanned: isPlanned(station.id, station.countyCode),
          openCounters: countersOf.get(station.id) ?? 0,
        };
      }),
    };
  }
}

/** An alarm of the hours has told a day where it took two of its hours between 6 and 20 o'clock. */
function isTold(
  day: string,
  stretches: readonly { beganAt: Date; endedAt: Date | null }[],
  nowMs: number,
): boolean {
  const fromMs = dayStartMs(day) + 6 * HOUR_MS;
  const toMs = dayStartMs(day) + 20 * HOUR_MS;
  const takenMs = stretches.reduce(
    (sum, { beganAt, endedAt }) =>
      sum + Math.max(0, Math.min(toMs, endedAt?.getTime() ?? nowMs) - Math.max(fromMs, beganAt.getTime())),
    0,
  );
  return takenMs >= TOLD_MS;
}

function plannedLookup(rows: readonly { stationId: number | null; countyCode: string | null }[]) {
  const stations = new Set(rows.flatMap(({ stationId }) => stationId ?? []));
  const counties = new Set(rows.flatMap(({ countyCode }) => countyCode ?? []));
  const isCity = rows.some(({ stationId, countyCode }) => stationId === null && countyCode === null);
  return (stationId: number, countyCode: string) =>
    isCity || stations.has(stationId) || counties.has(countyCode);
}
