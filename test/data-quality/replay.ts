import mqtt from 'mqtt';
import { dayOf } from '#domain';
import { telemetryTopic, type NativeBatch, type NativeFields, type NativeReading } from '#contracts';
import { DeviceDirectory, IngestPipeline, ReadingRepository } from '#ingestion';
import { DataQualityService, RollUpService } from '#monitoring';
import { AcknowledgingClient } from '#mqtt';
import { sql, TimeSeriesDays, type Database } from '#persistence';
import { Clock, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import type { LabelledSeries } from './labelled.ts';
import type { SeriesDefinition, SeriesPoint } from './series.ts';

/** A clock that shows the time of the data: each message comes a second after its last value. */
class DataClock extends Clock {
  private instantMs = 0;
  override nowMs(): number {
    return this.instantMs;
  }
  show(instantMs: number): void {
    this.instantMs = instantMs;
  }
}

const AFTER_ALL_MS = Date.parse('2023-01-01T00:00:00+08:00');
/** Longer series come as a logger sends them that was offline: a day in one message. */
const SINGLE_MESSAGES_MAX = 3000;
/** Messages that wait for their acknowledgement at a time. */
const IN_FLIGHT = 500;

export const deviceCodeOf = ({ columns }: SeriesDefinition) =>
  columns.energy === undefined ? 'INV01' : 'M01';

/** Registers a station for each series. */
export async function register(database: Database, all: readonly LabelledSeries[]): Promise<void> {
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  for (const { definition } of all) {
    const { code, ratedPowerW, place } = definition;
    const kind = deviceCodeOf(definition) === 'M01' ? 'meter' : 'inverter';
    await database.query(sql`
      insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
        azimuth_deg, commissioned_on, subsidy_class, simulated)
      values (${code}, ${code}, 'single', '141124100', ${place.longitudeDeg}, ${place.latitudeDeg}, ${ratedPowerW},
        ${ratedPowerW}, 33, 180, '2010-01-01', 'national', false)`);
    await database.query(sql`
      insert into gateway (station_id, code, serial) select id, 'GW01', code from station where code = ${code}`);
    await database.query(sql`
      insert into device (station_id, code, kind, serial, rated_power_w)
      select id, ${deviceCodeOf(definition)}, ${kind}, code, ${ratedPowerW} from station where code = ${code}`);
  }
}

/**
 * Sends the series through a broker and the ingest pipeline, each at its own time, rolls them up and judges them: what
 * ingest and worker do, in this process.
 */
export async function replay(
  parts: { database: Database; brokerUrl: string; logger: Logger },
  all: readonly LabelledSeries[],
): Promise<void> {
  const { database, brokerUrl, logger } = parts;
  const clock = new DataClock();
  const directory = new DeviceDirectory(new RegistryRepository(database));
  await directory.load();
  const pipeline = new IngestPipeline({
    repository: new ReadingRepository(database),
    directory,
    days: new TimeSeriesDays(database),
    clock,
    logger,
  });
  const messages = all.flatMap(messagesOf);
  const taken = countedTo(messages.length);
  const connected = Promise.withResolvers<void>();
  const client = new AcknowledgingClient({
    url: brokerUrl,
    clientId: 'replay',
    filters: ['pv/v1/+/+/telemetry'],
    receiveMaximum: 4000,
    onMessage: ({ topic, payload, retained, acknowledge }) => {
      clock.show(lastInstantOf(payload) + 1000);
      return pipeline.receive({
        topic,
        payload,
        retained,
        acknowledge: () => {
          acknowledge();
          taken.count();
        },
      });
    },
    onClose: () => undefined,
    onEvent: (event) => event === 'connected' && connected.resolve(),
  });
  const sender = await mqtt.connectAsync(brokerUrl);
  try {
    await connected.promise;
    // Over the same connection: when this is through, so is the subscription.
    await client.publish('replay/begins', '');
    for (let index = 0; index < messages.length; index += IN_FLIGHT)
      await Promise.all(
        messages
          .slice(index, index + IN_FLIGHT)
          .map(({ topic, payload }) => sender.publishAsync(topic, payload, { qos: 1 })),
      );
    await taken.all;
  } finally {
    await sender.endAsync();
    await client.stop();
    await pipeline.close();
  }
  clock.show(AFTER_ALL_MS);
  const rollUp = new RollUpService(database, clock);
  while ((await rollUp.rollUpDirtyDays()) > 0) continue;
  const quality = qualityOf(database);
  while ((await quality.judgePastDays()) > 0) continue;
}

/** The service that judges, after all the data. */
export const qualityOf = (database: Database): DataQualityService =>
  new DataQualityService(database, new Clock({ startAt: new Date(AFTER_ALL_MS), speed: 1 }));

function countedTo(total: number): { all: Promise<void>; count: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let counted = 0;
  return { all: promise, count: () => (counted += 1) === total && resolve() };
}

/** The last instant that a message names, without decoding it: stamps are epoch milliseconds. */
function lastInstantOf(payload: Buffer): number {
  const stamps = payload.toString().matchAll(/"ts":(\d+)/g);
  return Math.max(0, ...[...stamps].map(([, stamp]) => Number(stamp)));
}

function messagesOf({ definition, points }: LabelledSeries): { topic: string; payload: string }[] {
  const deviceCode = deviceCodeOf(definition);
  if (points.length > SINGLE_MESSAGES_MAX)
    return [...Map.groupBy(points, ({ atMs }) => dayOf(atMs)).values()].map((ofDay) => ({
      topic: telemetryTopic(definition.code, deviceCode),
      payload: JSON.stringify(
        ofDay.map((point): NativeReading => ({ ts: point.atMs, ...fieldsOf(definition, point) })),
      ),
    }));
  return points.map((point, seq) => {
    const batch: NativeBatch = {
      ts: point.atMs,
      seq,
      devices: { [deviceCode]: fieldsOf(definition, point) },
    };
    return { topic: telemetryTopic(definition.code, 'GW01'), payload: JSON.stringify(batch) };
  });
}

function fieldsOf({ columns, unitW }: SeriesDefinition, { power, energyKwh }: SeriesPoint): NativeFields {
  return {
    ...(columns.power === undefined
      ? {}
      : unitW === 1
        ? { active_power_w: power }
        : { active_power_kw: power === null ? null : (power * unitW) / 1000 }),
    ...(columns.energy === undefined ? {} : { energy_total_kwh: energyKwh }),
  };
}
