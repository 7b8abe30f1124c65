import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { telemetryTopic, statusTopic } from '#contracts';
import { DeviceDirectory, IngestPipeline, ReadingRepository, type PipelineMessage } from '#ingestion';
import { RollUpService } from '#monitoring';
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
      message('pv/v1/ST001/INV01/telemetry', { ts: at('10:00:00') - 31 * 86_400_000 }),
      message('pv/v1/ST001/INV01/telemetry', { ts: Date.parse('2025-05-19T10:00:00+08:00') }),
      message('pv/v1/ST001/INV01/telemetry', { active_power_kw: 1 }),
      message('pv/v1/ST001/INV01/other', {}),
      message('pv/v1/ST001/INV01/telemetry', Buffer.alloc(300_000, 32)),
    ];
    expect(await send(...bad)).toMatchObject({ accepted: 0, quarantined: bad.length });
    const kept = await database.query<{ reason: string; payload: Buffer }>(
      sql`select reason, payload from quarantine_message order by id`,
    );
    expect(kept.map(({ reason }) => reason)).toEqual([
      'unparsable',
      'not_utf8',
      'unknown_device',
      'future',
      'too_old',
      'before_commissioning',
      'schema',
      'unknown_topic',
      'too_large',
    ]);
    expect(kept.map(({ payload }) => payload)).toEqual(bad.map(({ built }) => built.payload));
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

  it('takes a retained reading for last known, not for a new one, and believes a retained status', async () => {
    const stats = await send(
      message(telemetryTopic('ST001', 'INV01'), { ts: at('11:00:00'), energy_total_kwh: 2000 }, true),
      message(statusTopic('ST001', 'GW01'), { online: false }, true),
    );
    expect(stats).toMatchObject({ accepted: 0, retainedReadings: 1 });
    expect(await database.query(sql`select gateway_online from station_contact`)).toEqual([
      { gateway_online: false },
    ]);
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
      { day: '2025-06-01', energy_wh: 5877n, method: 'inverter_counter', quality: 'measured' },
    ]);
    await send(
      message(telemetryTopic('ST001', 'M01'), { ts: at('08:00:00'), energy_total_wh: 980_000 }),
      message(telemetryTopic('ST001', 'M01'), { ts: at('10:15:00'), energy_total_wh: 991_000 }),
    );
    await rollUp.rollUpDirtyDays();
    expect(await day()).toEqual([
      { day: '2025-06-01', energy_wh: 11_000n, method: 'meter_counter', quality: 'measured' },
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
    await rollUp.rollUpDirtyDays();
    const days = await database.query<{ day: string; energyWh: bigint; quality: string }>(
      sql`select day, energy_wh as "energyWh", quality from station_day order by day`,
    );
    expect(days.map(({ day, quality }) => [day, quality])).toEqual([
      ['2025-05-30', 'estimated'],
      ['2025-05-31', 'estimated'],
      ['2025-06-01', 'estimated'],
    ]);
    expect(days.reduce((sum, { energyWh }) => sum + energyWh, 0n)).toBe(991_000n - 884_000n);
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
