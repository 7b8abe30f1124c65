import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { telemetryTopic, statusTopic } from '#contracts';
import {
  DeviceDirectory,
  IngestPipeline,
  MessageReplayer,
  ReadingRepository,
  type PipelineMessage,
} from '#ingestion';
import { RollUpRepository, RollUpService } from '#monitoring';
import { sql, TimeSeriesDays } from '#persistence';
import { Clock, createLogger } from '#platform';
import { RegistryRepository } from '#registry';
import { createTestDatabase } from '#test-support';

const { database } = await createTestDatabase();
const now = new Date('2025-06-01T12:00:00+08:00');
const clock = new Clock({ startAt: now, speed: 1 });
const at = (time: string) => Date.parse(`2025-06-01T${time}+08:00`);

beforeAll(async () => {
  await database.query(sql`insert into county values ('141124', '临县', 111, 38)`);
  await database.query(sql`insert into township values ('141124100', '141124', '临泉镇')`);
  await database.query(sql`
    insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
      azimuth_deg, commissioned_on, subsidy_class, simulated)
    values ('ST001', '试验电站', 'single', '141124100', 111, 38, 120000, 100000, 33, 180, '2025-05-20', 'national', true)`);
  await database.query(sql`
    insert into gateway (station_id, code, serial)
    select station.id, g.code, g.code from station, (values ('GW01'), ('GW02')) as g (code)`);
  await database.query(sql`
    insert into device (station_id, code, kind, serial, rated_power_w)
    select id, d.code, d.kind, d.code, d.rated from station,
      (values ('INV01', 'inverter', 60000), ('INV02', 'inverter', 60000), ('M01', 'meter', 120000)) as d (code, kind, rated)`);
});

async function startPipeline() {
  const directory = new DeviceDirectory(new RegistryRepository(database));
  await directory.load();
  return new IngestPipeline({
    repository: new ReadingRepository(database),
    directory,
    days: new TimeSeriesDays(database),
    clock,
    logger: createLogger('test', { PV_LOG_LEVEL: 'error' }),
  });
}

function message(topic: string, payload: unknown, retained = false) {
  const acknowledge = vi.fn();
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const built: PipelineMessage = { topic, payload: bytes, retained, acknowledge };
  return { built, acknowledge };
}

/** Sends the messages through a pipeline of its own and waits until they are written. */
async function send(...messages: ReturnType<typeof message>[]) {
  const pipeline = await startPipeline();
  for (const { built } of messages) void pipeline.receive(built);
  await pipeline.close();
  return pipeline.stats();
}

const readingsOf = (code: string) =>
  database.query<{ power: number | null; total: bigint | null; flags: number }>(sql`
    select r.active_power_w as power, r.energy_total_wh as total, r.flags
    from reading r join device d on d.id = r.device_id
    where d.code = ${code}
    order by r.measured_at`);

describe('ingest', () => {
  it('writes a gateway batch once, however often it comes, and acknowledges every copy', async () => {
    const batch = {
      ts: at('10:00:00'),
      seq: 7,
      devices: {
        INV01: {
          active_power_kw: 30.5,
          energy_total_kwh: 1000.123,
          strings: [{ voltage_v: 600.1, current_a: null }],
        },
        M01: { active_power_w: 30_000, energy_total_wh: 990_000, ts: '2025-06-01T10:00:00+08:00' },
      },
    };
    const first = message(telemetryTopic('ST001', 'gateway'), batch);
    const copy = message(telemetryTopic('ST001', 'gateway'), batch);
    expect(await send(first)).toMatchObject({ accepted: 2, duplicate: 0 });
    expect(await send(copy, message(telemetryTopic('ST001', 'gateway'), batch))).toMatchObject({
      accepted: 0,
      duplicate: 4,
    });
    expect(first.acknowledge).toHaveBeenCalledOnce();
    expect(copy.acknowledge).toHaveBeenCalledOnce();
    expect(await readingsOf('INV01')).toEqual([{ power: 30_500, total: 1_000_123n, flags: 0 }]);
    expect(await database.query(sql`select accepted, duplicate from ingest_count`)).toEqual([
      { accepted: 2n, duplicate: 4n },
    ]);
  });

  it('loses a bad field and keeps its neighbours', async () => {
    await send(
      message(telemetryTopic('ST001', 'INV02'), {
        ts: at('10:00:00'),
        active_power_kw: 'n/e',
        energy_total_kwh: 500,
        temperature_c: 1e9,
      }),
      message(telemetryTopic('ST001', 'INV02'), {
        ts: at('10:05:00'),
        active_power_kw: 720,
        energy_total_kwh: 501,
      }),
    );
    expect(await readingsOf('INV02')).toEqual([
      { power: null, total: 500_000n, flags: 1 },
      { power: null, total: 501_000n, flags: 1 },
    ]);
  });

  it('keeps what it cannot use, byte for byte, with the reason, and acknowledges it', async () => {
    const bad = [
      message('pv/v1/ST001/INV01/telemetry', Buffer.from('{"ts":17400168')),
      message('pv/v1/ST001/INV01/telemetry', Buffer.from([0xff, 0xfe, 0x00])),
      message('pv/v1/ST001/INV99/telemetry', { ts: at('10:00:00'), active_power_kw: 1 }),
      message('pv/v1/ST001/INV01/telemetry', { ts: at('12:06:00'), active_power_kw: 1 }),
      message('pv/v1/ST001/INV01/telemetry', { ts: at('10:00:00') - 93 * 86_400_000 }),
      message('pv/v1/ST001/INV01/telemetry', { ts: Date.parse('2025-05-19T10:00:00+08:00') }),
      message('pv/v1/ST001/INV01/telemetry', { active_power_kw: 1 }),
      message('pv/v1/ST001/INV01/other', {}),
      message('pv/v1/ST001/INV01/telemetry', Buffer.alloc(300_000, 32)),
    ];
    expect(await send(...bad)).toMatchObject({ accepted: 0, quarantined: bad.length });
    const kept = await database.query<{ reason: string; payload: Buffer }>(
      sql`select reason, payload from quarantine_message`,
    );
    const reasons = [
      'unparsable',
      'not_utf8',
      'unknown_device',
      'future',
      'too_old',
      'before_commissioning',
      'schema',
      'unknown_topic',
      'too_large',
    ];
    const expected = bad.map(({ built }, index) => ({ reason: reasons[index], payload: built.payload }));
    expect(kept).toHaveLength(bad.length);
    expect(kept).toEqual(expect.arrayContaining(expected));
    for (const { acknowledge } of bad) expect(acknowledge).toHaveBeenCalledOnce();
  });

  it('accepts the good readings of a batch with an unknown device in it', async () => {
    const stats = await send(
      message(telemetryTopic('ST001', 'gateway'), {
        ts: at('10:10:00'),
        devices: { INV01: { energy_total_kwh: 1005 }, INV77: { energy_total_kwh: 1 } },
      }),
    );
    expect(stats).toMatchObject({ accepted: 1, quarantined: 1 });
  });

  it('takes a retained reading for last known, and tells gateways apart', async () => {
    const contactAt = () => database.query(sql`select received_at from station_contact`);
    const before = await contactAt();
    const stats = await send(
      message(telemetryTopic('ST001', 'INV01'), { ts: at('11:00:00'), energy_total_kwh: 2000 }, true),
      message(statusTopic('ST001', 'GW02'), { online: true }, true),
      message(statusTopic('ST001', 'GW01'), { online: false }),
    );
    expect(stats).toMatchObject({ accepted: 0, retainedReadings: 1, quarantined: 0 });
    expect(
      await database.query(
        sql`select gateway_code as code, online from gateway_status order by gateway_code`,
      ),
    ).toEqual([
      { code: 'GW01', online: false },
      { code: 'GW02', online: true },
    ]);
    // Neither a retained word nor a last will is a sign of life from the station.
    expect(await contactAt()).toEqual(before);
  });

  it('keeps in quarantine that a message was retained, apart from its live copy, and replays each as what it was', async () => {
    const topic = 'v1/gateway/telemetry';
    const payload = { 'DTU-7': [{ ts: at('11:20:00'), values: { active_power_w: 777 } }] };
    await send(message(topic, payload, true), message(topic, payload), message(topic, payload, true));
    const kept = await database.query<{
      id: bigint;
      topic: string;
      payload: Buffer;
      retained: boolean;
      receivedAt: Date;
      times: bigint;
    }>(sql`
      select id, topic, payload, retained, received_at as "receivedAt", times
      from quarantine_message where topic = ${topic} order by retained`);
    expect(kept.map(({ retained, times }) => [retained, times])).toEqual([
      [false, 1n],
      [true, 2n],
    ]);
    await database.query(sql`
      insert into vendor_profile (id, enabled, changed_at, changed_by)
      values ('thingsboard-gateway', true, now(), 'test')`);
    await database.query(sql`
      insert into device_source (profile_id, source_id, device_id)
      select 'thingsboard-gateway', 'DTU-7', id from device where code = 'M01'`);
    const replayer = new MessageReplayer(database);
    const messages = kept.map(({ receivedAt, ...row }) => ({ ...row, receivedAtMs: receivedAt.getTime() }));
    const [live, retained] = messages;
    if (!live || !retained) throw new Error('nothing was kept');
    const nothing = { accepted: 0, duplicate: 0, rejections: [] };
    expect(await replayer.replay([retained])).toEqual([{ ...nothing, id: retained.id, isLastKnown: true }]);
    expect(await replayer.replay([live])).toEqual([
      { ...nothing, id: live.id, accepted: 1, isLastKnown: false },
    ]);
    await database.query(sql`delete from device_source`);
    await database.query(sql`delete from vendor_profile`);
  });

  it('counts how often a gateway comes on line, a day; neither a last will nor a retained word is one', async () => {
    const word = (online: boolean, retained = false) =>
      message(statusTopic('ST001', 'GW02'), { online }, retained);
    await send(word(true), word(false), word(true), word(true, true));
    await send(word(true));
    expect(
      await database.query(sql`
        select day, times from gateway_connect_day where gateway_code = 'GW02'`),
    ).toEqual([{ day: '2025-06-01', times: 3n }]);
  });

  it('never lets late data move what is shown as now', async () => {
    await send(message(telemetryTopic('ST001', 'INV01'), { ts: at('11:00:00'), active_power_kw: 40 }));
    await send(message(telemetryTopic('ST001', 'INV01'), { ts: at('09:00:00'), active_power_kw: 5 }));
    expect(
      await database.query(sql`
        select l.active_power_w as power from latest_reading l join device d on d.id = l.device_id
        where d.code = 'INV01'`),
    ).toEqual([{ power: 40_000 }]);
  });

  it('loses one bad device of a batch, not its neighbours, and survives a payload made to hurt', async () => {
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    const hostile = message('pv/v1/ST001/INV01/telemetry', Buffer.from(`{"ts":1,"active_power_w":${deep}}`));
    const mixed = message(telemetryTopic('ST001', 'gateway'), {
      ts: at('11:20:00'),
      devices: { INV01: null, 'a b': {}, INV02: { ts: 'yesterday' }, M01: { fault_code: 'E\0 7' } },
    });
    expect(await send(hostile, mixed)).toMatchObject({ accepted: 1 });
    expect(hostile.acknowledge).toHaveBeenCalledOnce();
    expect(
      await database.query(sql`
        select r.fault_code from reading r join device d on d.id = r.device_id
        where d.code = 'M01' and r.measured_at = ${new Date(at('11:20:00'))}`),
    ).toEqual([{ fault_code: 'E 7' }]);
  });

  it('reads past the end mark of a C string (PAY-04)', async () => {
    const bytes = Buffer.from(`{"ts":${at('11:22:00')},"active_power_kw":3.21}\0`);
    expect(await send(message('pv/v1/ST001/INV01/telemetry', bytes))).toMatchObject({
      accepted: 1,
      quarantined: 0,
    });
  });

  it('counts the same broken bytes in one row, however often they come', async () => {
    const broken = () => message('pv/v1/ST001/INV01/telemetry', Buffer.from('{"again":'));
    await send(broken(), broken());
    await send(broken());
    expect(
      await database.query(
        sql`select times from quarantine_message where payload = ${Buffer.from('{"again":')}`,
      ),
    ).toEqual([{ times: 3n }]);
  });

  it('waits for a database that is not ready, and puts no good message aside', async () => {
    const pipeline = await startPipeline();
    const good = message(telemetryTopic('ST001', 'INV01'), { ts: at('11:25:00'), active_power_kw: 1 });
    await database.query(sql`alter table station_contact rename to station_contact_away`);
    void pipeline.receive(good.built);
    await vi.waitFor(() => expect(pipeline.stats().failing).toContain('station_contact'), { timeout: 5000 });
    expect(good.acknowledge).not.toHaveBeenCalled();
    await database.query(sql`alter table station_contact_away rename to station_contact`);
    await vi.waitFor(() => expect(good.acknowledge).toHaveBeenCalledOnce(), { timeout: 15_000 });
    expect(pipeline.stats()).toMatchObject({ accepted: 1, quarantined: 0, failing: null });
  });

  it('takes nothing more while it is closing, so that the broker keeps it', async () => {
    const pipeline = await startPipeline();
    await pipeline.close();
    const late = message(telemetryTopic('ST001', 'INV01'), { ts: at('11:10:00') });
    void pipeline.receive(late.built);
    await delay(0);
    expect(late.acknowledge).not.toHaveBeenCalled();
    expect(pipeline.stats().messages).toBe(0);
  });

  it('does not acknowledge what a lost connection will deliver again', async () => {
    const pipeline = await startPipeline();
    const lost = message(telemetryTopic('ST001', 'INV01'), { ts: at('11:15:00') });
    void pipeline.receive(lost.built);
    pipeline.discardWaiting();
    await pipeline.close();
    expect(lost.acknowledge).not.toHaveBeenCalled();
  });
});

describe('roll-up', () => {
  it('makes quarter hours and days of the readings, in Shanghai days, and of late ones as well', async () => {
    const rollUp = new RollUpService(database, clock);
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
    const day = () =>
      database.query(sql`select day, energy_wh, method, quality from station_day order by day`);
    // INV01 goes from 1000.123 to 1005, INV02 from 500 to 501; the meter has one reading only.
    expect(await day()).toEqual([
      { day: '2025-06-01', energy_wh: 5877n, method: 'inverter_counter', quality: 'incomplete' },
    ]);
    await send(
      message(telemetryTopic('ST001', 'M01'), { ts: at('08:00:00'), energy_total_wh: 980_000 }),
      message(telemetryTopic('ST001', 'M01'), { ts: at('10:15:00'), energy_total_wh: 991_000 }),
    );
    await rollUp.rollUpDirtyDays();
    expect(await day()).toEqual([
      { day: '2025-06-01', energy_wh: 11_000n, method: 'meter_counter', quality: 'incomplete' },
    ]);
    expect(await rollUp.waiting()).toBe(0);
    expect(await database.query(sql`select starts_at, energy_wh, method from station_quarter_hour`)).toEqual([
      { starts_at: new Date(at('10:00:00')), energy_wh: expect.any(BigInt), method: 'meter_counter' },
    ]);
  });

  it('works out all the days that a gap spans when its far end comes in', async () => {
    const rollUp = new RollUpService(database, clock);
    await send(
      message(telemetryTopic('ST001', 'M01'), {
        ts: Date.parse('2025-05-30T12:00:00+08:00'),
        energy_total_wh: 884_000,
      }),
    );
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
    const days = await database.query<{ day: string; energyWh: bigint; quality: string }>(
      sql`select day, energy_wh as "energyWh", quality from station_day order by day`,
    );
    expect(days.map(({ day, quality }) => [day, quality])).toEqual([
      // Its morning, before the first reading of all, is not known.
      ['2025-05-30', 'incomplete'],
      ['2025-05-31', 'estimated'],
      // The day goes on until noon, and the last reading is of 10:15.
      ['2025-06-01', 'incomplete'],
    ]);
    expect(days.reduce((sum, { energyWh }) => sum + energyWh, 0n)).toBe(991_000n - 884_000n);
  });

  it('does not let a slow worker strike off or overwrite what a newer reading brought', async () => {
    const rollUp = new RollUpService(database, clock);
    const slow = new RollUpRepository(database);
    const [device] = await slow.devicesOf(
      (await database.query<{ id: number }>(sql`select id from station`)).map(({ id }) => id),
    );
    await send(message(telemetryTopic('ST001', 'M01'), { ts: at('11:30:00'), energy_total_wh: 995_000 }));
    const taken = await slow.dirtyDays(10);
    await send(message(telemetryTopic('ST001', 'M01'), { ts: at('11:35:00'), energy_total_wh: 996_000 }));
    while ((await rollUp.rollUpDirtyDays()) > 0) continue;
    const stationId = device?.stationId ?? 0;
    const stored = () => database.query(sql`select day, energy_wh from station_day order by day`);
    const before = await stored();
    const stale = { day: '2025-06-01', energyWh: 1, method: 'meter_counter', quality: 'measured' };
    const ours = await slow.store({
      day: { day: stale.day, from: new Date(at('00:00:00')), to: new Date(at('24:00:00')) },
      taken,
      deviceDays: [],
      stationDays: [{ ...stale, stationId }],
      quarterHours: [],
      computedAt: now,
    });
    expect(ours.size).toBe(0);
    expect(await stored()).toEqual(before);
  });

  it('leaves history alone that came in bulk and has no readings behind it', async () => {
    const rollUp = new RollUpService(database, clock);
    await database.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select id, '2025-05-29'::date, 777, 'simulated', 'measured', now() from station`);
    await send(
      message(telemetryTopic('ST001', 'M01'), {
        ts: Date.parse('2025-05-29T12:00:00+08:00'),
        energy_total_wh: 880_000,
      }),
    );
    await rollUp.rollUpDirtyDays();
    expect(await database.query(sql`select energy_wh from station_day where day = '2025-05-29'`)).toEqual([
      { energy_wh: 777n },
    ]);
  });
});

describe('a second reading of one device and instant', () => {
  const topic = telemetryTopic('ST001', 'INV01');
  const stored = (time: string) =>
    database.query(sql`
      select r.active_power_w as power, r.energy_total_wh as total, r.temperature_dc as temperature
      from reading r join device d on d.id = r.device_id
      where d.code = 'INV01' and r.measured_at = ${new Date(at(time))}::timestamptz`);

  it('fills in what was unknown, in one batch or later', async () => {
    const ts = at('07:00:00');
    const stats = await send(
      message(topic, { ts, active_power_w: 900 }),
      message(topic, { ts, energy_total_wh: 7_000 }),
    );
    expect(stats).toMatchObject({ accepted: 2, duplicate: 0, conflicting: 0 });
    expect(await send(message(topic, { ts, temperature_c: 21.5 }))).toMatchObject({ accepted: 1 });
    expect(await stored('07:00:00')).toEqual([{ power: 900, total: 7_000n, temperature: 215 }]);
    expect(await send(message(topic, { ts, active_power_w: 900, temperature_c: 21.5 }))).toMatchObject({
      accepted: 0,
      duplicate: 1,
    });
  });

  it('that says another value goes to review, and the first one stays', async () => {
    const ts = at('07:05:00');
    const other = message(topic, { ts, active_power_w: 950, energy_total_wh: 7_010 });
    const stats = await send(
      message(topic, { ts, active_power_w: 900, energy_total_wh: 7_010 }),
      message(topic, { ts, active_power_w: 900 }),
      other,
    );
    expect(stats).toMatchObject({ accepted: 1, duplicate: 1, conflicting: 1 });
    expect(await stored('07:05:00')).toEqual([{ power: 900, total: 7_010n, temperature: null }]);
    expect(
      await database.query(sql`select payload, detail from quarantine_message where reason = 'conflict'`),
    ).toEqual([
      {
        payload: other.built.payload,
        detail: 'ST001/INV01 at 2025-05-31T23:05:00.000Z: activePowerW 900 is stored, 950 came',
      },
    ]);
    expect(other.acknowledge).toHaveBeenCalledOnce();
    // What came again is counted, and still one row.
    await send(other);
    expect(
      await database.query(sql`
        select q.times, r.times as refused from quarantine_message q, ingest_rejection r
        where q.reason = 'conflict' and r.reason = 'conflict'`),
    ).toEqual([{ times: 2n, refused: 2n }]);
  });
});
