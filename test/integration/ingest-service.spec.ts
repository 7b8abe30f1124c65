import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { nativeResendSchema, resendReplyTopic, resendTopic, statusTopic, telemetryTopic } from '#contracts';
import { IngestionModule } from '#ingestion';
import { PersistenceModule, sql } from '#persistence';
import { createLogger, NestLogger, PlatformModule, readEnvironment } from '#platform';
import { createTestDatabase, Mosquitto } from '#test-support';

const { database, url } = await createTestDatabase();
const broker = await Mosquitto.start();
const TODAY_MS = Date.now();
const eventually = (condition: () => unknown, timeout = 20_000) =>
  vi.waitFor(condition, { timeout, interval: 50 });

let sender: MqttClient;
const running: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  sender = await mqtt.connectAsync(broker.url);
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  await database.query(sql`
    insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    select code, code, 'single', '141124100', 111, 38, 120000, 100000, 33, 180, '2025-05-20', 'national', true
    from unnest(array['ST001', 'ST002', 'ST003']) as s (code)`);
  await database.query(
    sql`insert into gateway (station_id, code, serial) select id, 'GW01', code from station`,
  );
  await database.query(sql`
    insert into device (station_id, code, kind, serial, rated_power_w)
    select id, 'INV01', 'inverter', code || '-S1', 60000 from station`);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.close()));
});
afterAll(async () => {
  await sender.endAsync();
  await broker.stop();
});

/** The ingest program as it is, in this process. */
async function startIngest(settings: Record<string, string> = {}) {
  const logger = createLogger('test', { PV_LOG_LEVEL: 'error' });
  const environment = readEnvironment({
    MQTT_URL: broker.url,
    PV_RESEND_AFTER_S: '1',
    PV_INGEST_ID: `i${String(Math.random()).slice(2, 10)}`,
    ...settings,
  });
  @Module({
    imports: [
      PlatformModule.forRoot({ environment, logger }),
      PersistenceModule.forRoot({ url, applicationName: 'ingest', poolMax: 3 }),
      IngestionModule,
    ],
  })
  class IngestApp {}
  const app = await NestFactory.createApplicationContext(IngestApp, { logger: new NestLogger(logger) });
  running.push(app);
  await eventually(async () => {
    const [row] = await database.query<{ connected: boolean }>(sql`
      select (detail ->> 'connected')::boolean as connected from program_heartbeat
      where instance = ${environment.PV_INGEST_ID}`);
    expect(row?.connected).toBe(true);
  });
  return environment.PV_INGEST_ID;
}

const batch = (station: string, seq: number, agoMs = 60_000 - seq * 100) => ({
  topic: telemetryTopic(station, 'GW01'),
  text: JSON.stringify({
    ts: TODAY_MS - agoMs,
    seq,
    devices: { INV01: { active_power_w: 1000 + seq, energy_total_wh: 5_000_000 + seq } },
  }),
});
const send = ({ topic, text }: { topic: string; text: string }) =>
  sender.publishAsync(topic, text, { qos: 1 });
const powersOf = async (station: string) =>
  (
    await database.query<{ power: number }>(sql`
      select r.active_power_w as power
      from reading r join device d on d.id = r.device_id join station s on s.id = d.station_id
      where s.code = ${station} order by r.measured_at`)
  ).map(({ power }) => power);

describe('asking a gateway again', () => {
  it('asks for the numbers that are missing, takes them, and says so on the request', async () => {
    const asked: { id: string; ranges: [number, number][] }[] = [];
    const gateway = await mqtt.connectAsync(broker.url);
    gateway.on('message', (_topic, payload) => {
      const request = nativeResendSchema.parse(JSON.parse(payload.toString()));
      asked.push(request);
      const numbers = request.ranges.flatMap(([from, to]) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      );
      // The last one is gone for good.
      for (const seq of numbers.filter((number) => number !== 8)) void send(batch('ST001', seq));
      void sender.publishAsync(
        resendReplyTopic('ST001', 'GW01'),
        JSON.stringify({ id: request.id, gone: [[8, 8]] }),
        { qos: 1 },
      );
    });
    await gateway.subscribeAsync(resendTopic('ST001', 'GW01'), { qos: 1 });
    await startIngest();
    for (const seq of [1, 2, 5, 7, 9]) await send(batch('ST001', seq));
    await eventually(async () =>
      expect(await powersOf('ST001')).toEqual([1, 2, 3, 4, 5, 6, 7, 9].map((seq) => 1000 + seq)),
    );
    await eventually(async () => {
      const [request] = await database.query<{ state: string; missing: string; attempts: number }>(
        sql`select state, missing::text as missing, attempts from resend_request`,
      );
      expect(request).toEqual({ state: 'given_up', missing: '{[8,9)}', attempts: 1 });
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.ranges).toEqual([
      [3, 4],
      [6, 6],
      [8, 8],
    ]);
    await gateway.endAsync();
  });

  it('asks again, ever more patiently, where nobody answers, and not for what was only out of order', async () => {
    await startIngest();
    const heard: string[] = [];
    const listener = await mqtt.connectAsync(broker.url);
    listener.on('message', (topic) => heard.push(topic));
    await listener.subscribeAsync([resendTopic('ST002', 'GW01'), resendTopic('ST003', 'GW01')], { qos: 1 });
    for (const seq of [1, 3, 2]) await send(batch('ST003', seq));
    for (const seq of [1, 4]) await send(batch('ST002', seq));
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(2));
    expect(new Set(heard)).toEqual(new Set([resendTopic('ST002', 'GW01')]));
    const requests = await database.query(sql`
      select s.code, q.state, q.asked::text as asked, q.next_attempt_at - q.first_asked_at > interval '3 seconds' as patient
      from resend_request q join station s on s.id = q.station_id where s.code <> 'ST001'`);
    expect(requests).toEqual([{ code: 'ST002', state: 'open', asked: '{[2,4)}', patient: true }]);
    await listener.endAsync();
  });

  it('counts numbers of one station and another apart, and forgets strangers', async () => {
    await startIngest();
    await send({ ...batch('ST003', 10), topic: telemetryTopic('ST003', 'NOBODY') });
    await send(batch('ST003', 11));
    await eventually(async () => expect(await powersOf('ST003')).toContain(1011));
    expect(await database.query(sql`select distinct code from message_sender`)).toEqual([{ code: 'GW01' }]);
  });
});

describe('vendor profiles', () => {
  const powerOf = (station: string) =>
    database.query(sql`
      select r.active_power_w as power, r.energy_total_wh as total, r.flags
      from reading r join device d on d.id = r.device_id join station s on s.id = d.station_id
      where s.code = ${station} and r.measured_at > ${new Date(TODAY_MS)}::timestamptz
      order by r.measured_at`);

  it('take effect when they are switched on, for devices that are mapped, and keep the rest aside', async () => {
    const id = await startIngest();
    await database.query(sql`
      insert into device_source (profile_id, source_id, device_id)
      select p, 'DTU-1', d.id from device d join station s on s.id = d.station_id,
        unnest(array['thingsboard-gateway', 'opendtu']) as p
      where s.code = 'ST002'`);
    await database.query(sql`
      insert into vendor_profile (id, enabled, changed_at, changed_by)
      values ('thingsboard-gateway', true, now(), 'test'), ('opendtu', true, now(), 'test')`);
    await eventually(async () => {
      const [row] = await database.query<{ values: unknown }>(
        sql`select detail -> 'values' as values from program_heartbeat where instance = ${id}`,
      );
      expect(row?.values).toBeTruthy();
    });
    const ts = TODAY_MS + 1000;
    const values = { active_power_w: 4200, energy_total_kwh: 77 };
    await sender.publishAsync(
      'v1/gateway/telemetry',
      JSON.stringify({ 'DTU-1': [{ ts, values }], 'DTU-9': [{ ts, values }] }),
      { qos: 1 },
    );
    await eventually(async () =>
      expect(
        await database.query(sql`select detail from quarantine_message where topic = 'v1/gateway/telemetry'`),
      ).toEqual([{ detail: 'no device is mapped to thingsboard-gateway: DTU-9' }]),
    );
    expect(await powerOf('ST002')).toHaveLength(1);
  });

  it('put the single values of a logger together into one reading', async () => {
    await startIngest();
    await sender.publishAsync('solar/DTU-1/0/power', '431.7', { qos: 1 });
    await sender.publishAsync('solar/DTU-1/0/yieldtotal', '918.25', { qos: 1 });
    await sender.publishAsync('solar/DTU-2/0/power', '1', { qos: 1 });
    await eventually(async () =>
      expect(await powerOf('ST002')).toContainEqual({ power: 432, total: 918_250n, flags: 4 }),
    );
    await eventually(async () =>
      expect(
        await database.query(sql`select topic, reason from quarantine_message where topic like 'solar/%'`),
      ).toEqual([{ topic: 'solar/DTU-2/0/power', reason: 'unknown_device' }]),
    );
  });
});

describe('several ingests', () => {
  it('share the messages of a group, and each hears who is on line', async () => {
    const before = (await powersOf('ST003')).length;
    const ids = await Promise.all([
      startIngest({ PV_INGEST_GROUP: 'all' }),
      startIngest({ PV_INGEST_GROUP: 'all' }),
    ]);
    await sender.publishAsync(statusTopic('ST003', 'GW01'), '{"online":true}', { qos: 1 });
    const seqs = Array.from({ length: 200 }, (_, index) => 100 + index);
    await Promise.all(seqs.map((seq) => send(batch('ST003', seq))));
    await eventually(async () => expect(await powersOf('ST003')).toHaveLength(before + seqs.length));
    await eventually(async () => {
      const rows = await database.query<{ accepted: number; duplicate: number; online: boolean }>(sql`
        select (detail ->> 'accepted')::int as accepted, (detail ->> 'duplicate')::int as duplicate,
          (select online from gateway_status g join station s on s.id = g.station_id where s.code = 'ST003') as online
        from program_heartbeat where instance = any (${ids}::text[])`);
      expect(rows.map(({ duplicate, online }) => ({ duplicate, online }))).toEqual([
        { duplicate: 0, online: true },
        { duplicate: 0, online: true },
      ]);
      expect(rows.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(seqs.length);
      expect(rows.every(({ accepted }) => accepted > 0)).toBe(true);
    });
  });
});
