import { describe, expect, it } from 'vitest';
import { telemetryTopic } from '#contracts';
import { dayStartMs } from '#domain';
import { decodeNative } from '#ingestion';
import { sql } from '#persistence';
import { Clock, createLogger } from '#platform';
import { writeSnapshot } from '#registry';
import { testDatabase } from '#test-support';
import {
  at,
  encodeBatch,
  faultOf,
  readingInstantMs,
  seqAfter,
  smallFleet,
  TEST_INTERVAL_S,
  testFleet,
} from '#simulation';
import { topUpHistory } from './top-up.ts';

const DAY = '2026-06-10';
const YESTERDAY = '2026-06-09';
const { truth, readings, gateway } = testFleet({
  stations: 3,
  faults: [faultOf({ kind: 'offline', stationCode: 'S03', fromMs: at(DAY, 9), toMs: at(DAY, 23) })],
});
const database = await testDatabase();
await writeSnapshot(database, smallFleet(3), { simulated: true, seed: 7 });

async function topUpAt(instantMs: number) {
  const clock = new Clock({ startAt: new Date(instantMs), speed: 0.1 });
  const logger = createLogger('simulator', { PV_LOG_LEVEL: 'error' });
  const result = await topUpHistory({ database, truth, intervalS: TEST_INTERVAL_S, clock, logger });
  const quarterHours = await result.writeQuarterHours();
  return { ...result, quarterHours };
}

async function readingsOf(station: string, fromMs: number, toMs: number) {
  return database.query<{
    device: string;
    measured_at: Date;
    active_power_w: number;
    energy_total_wh: bigint;
    seq: bigint;
  }>(sql`
    select d.code as device, r.measured_at, r.active_power_w, r.energy_total_wh, r.seq
    from reading r
    join device d on d.id = r.device_id
    join station s on s.id = d.station_id
    where s.code = ${station} and r.measured_at >= ${new Date(fromMs)} and r.measured_at < ${new Date(toMs)}
    order by r.measured_at, d.code`);
}

let filled: Awaited<ReturnType<typeof topUpAt>> | null = null;

describe('the history', () => {
  it('is written once, as if the fleet had always run', async () => {
    const first = await topUpAt(at(DAY, 12));
    expect(first.stationDays).toBe(3 * 396);
    expect(first.quarterHours).toBe(3 * 30 * 96);
    expect(first.readings).toBeGreaterThan(900);
    expect(first.resumeAfterMs.get('S01')).toBeGreaterThanOrEqual(at(DAY, 12));
    const again = await topUpAt(at(DAY, 12));
    expect([again.stationDays, again.quarterHours, again.readings]).toEqual([0, 0, 0]);
  });

  it('has quarter hours that add up to the day, and a night of measured zeros', async () => {
    const [sums] = await database.query<{
      days: bigint;
      quarters: bigint;
      night: bigint;
      nights: bigint;
    }>(sql`
      select
        (select sum(energy_wh)::bigint from station_day where day = ${YESTERDAY}::date) as days,
        sum(energy_wh)::bigint as quarters,
        sum(energy_wh) filter (where starts_at < ${new Date(at(YESTERDAY, 4))})::bigint as night,
        count(*) filter (where starts_at < ${new Date(at(YESTERDAY, 4))}) as nights
      from station_quarter_hour
      where starts_at >= ${new Date(at(YESTERDAY, 0))} and starts_at < ${new Date(at(YESTERDAY, 24))}`);
    expect(sums?.quarters).toBe(sums?.days);
    expect(sums?.days).toBeGreaterThan(100_000n);
    expect([sums?.night, sums?.nights]).toEqual([0n, 48n]);
  });

  it('holds exactly the readings that the gateways would have sent today', async () => {
    const stored = await readingsOf('S01', at(DAY, 0), at(DAY, 24));
    const expected: unknown[] = [];
    for (
      let seq = seqAfter(gateway, at(DAY, 0) - 1);
      readingInstantMs(gateway, seq) <= at(DAY, 12);
      seq += 1
    ) {
      const payload = Buffer.from(encodeBatch(readings.reading(gateway, seq)));
      for (const reading of decodeNative(telemetryTopic('S01', 'GW01'), payload).readings) {
        expected.push({
          device: reading.deviceCode,
          measured_at: new Date(reading.measuredAtMs),
          active_power_w: reading.activePowerW,
          energy_total_wh: BigInt(reading.energyTotalWh ?? 0),
          seq: BigInt(reading.seq ?? 0),
        });
      }
    }
    expect(stored).toEqual(expected);
  });

  it('ends yesterday with a last word of every device', async () => {
    const words = await readingsOf('S01', at(YESTERDAY, 0), at(YESTERDAY, 24));
    expect(words.map(({ device }) => device)).toEqual(['INV01', 'INV02', 'INV03', 'M01']);
    const [inverter] = words;
    const morning = await readingsOf('S01', at(DAY, 0), at(DAY, 12));
    expect(inverter?.energy_total_wh).toBeLessThanOrEqual(
      morning.find(({ device }) => device === 'INV01')?.energy_total_wh ?? 0n,
    );
    expect(words.at(-1)?.measured_at.getTime()).toBeGreaterThan(at(YESTERDAY, 23.9));
  });

  it('has no reading of a gateway that was offline', async () => {
    const stored = await readingsOf('S03', at(DAY, 0), at(DAY, 24));
    expect(stored.length).toBeGreaterThan(100);
    expect(stored.filter(({ measured_at }) => measured_at.getTime() >= at(DAY, 9))).toEqual([]);
  });

  it('leaves today to the worker, with the latest reading and contact of every station', async () => {
    const dirty = await database.query<{ day: string }>(sql`select distinct day from dirty_station_day`);
    expect(dirty).toEqual([{ day: DAY }]);
    const [counts] = await database.query<{ latest: bigint; contacts: bigint; counted: bigint }>(sql`
      select
        (select count(*) from latest_reading) as latest,
        (select count(*) from station_contact) as contacts,
        (select sum(accepted)::bigint from ingest_count where day = ${DAY}::date) as counted`);
    const [stored] = await database.query<{ rows: bigint }>(sql`
      select count(*) as rows from reading where measured_at >= ${new Date(dayStartMs(DAY))}`);
    expect(counts).toEqual({ latest: 12n, contacts: 3n, counted: stored?.rows });
  });

  it('fills the days that the program was off: the rest of its last day, whole days, and today', async () => {
    const later = await topUpAt(at('2026-06-13', 8));
    filled = later;
    expect(later.stationDays).toBe(3 * 3);
    expect(later.quarterHours).toBe(3 * 3 * 96);
    const rest = await readingsOf('S01', at(DAY, 12), at(DAY, 24));
    expect(rest.filter(({ device }) => device === 'M01')).toHaveLength(144);
    expect(await readingsOf('S01', at('2026-06-11', 0), at('2026-06-12', 0))).toEqual([]);
    const today = await readingsOf('S01', at('2026-06-13', 0), at('2026-06-14', 0));
    expect(today.filter(({ device }) => device === 'M01')).toHaveLength(96);
    const dirty = await database.query<{ day: string }>(sql`
      select distinct day from dirty_station_day order by day`);
    expect(dirty.map(({ day }) => day)).toEqual([DAY, '2026-06-13']);
  });

  it('notes the numbers of its readings as ingest does, so that nobody asks for them again', async () => {
    const rows = await database.query<{ code: string; sender: string; day: string; received: string }>(sql`
      select s.code, m.sender_code as sender, m.day, m.received::text as received
      from message_sequence m
      join station s on s.id = m.station_id
      where m.epoch = 0
      order by s.code, m.day`);
    const today = rows.filter(({ code, day }) => code === 'S01' && day === '2026-06-13');
    const first = seqAfter(gateway, at('2026-06-13', 0) - 1);
    expect(today).toEqual([
      { code: 'S01', sender: 'GW01', day: '2026-06-13', received: `{[${first},${first + 96})}` },
    ]);
    const silent = rows.find(({ code, day }) => code === 'S03' && day === DAY);
    expect(silent?.received.split('),').length).toBe(2);
    const [sender] = await database.query<{ last: bigint; senders: bigint }>(sql`
      select max(last_seq) filter (where station_id = (select id from station where code = 'S01')) as last,
        count(*) as senders
      from message_sender`);
    expect(sender).toEqual({ last: BigInt(first + 95), senders: 3n });
  });

  it('says which days have no readings, and that they are gone', async () => {
    expect(filled?.notTaken.get('S01')).toEqual({ fromMs: at('2026-06-11', 0), toMs: at('2026-06-13', 0) });
  });

  it('leaves a short gap to the gateways', async () => {
    const soon = await topUpAt(at('2026-06-13', 8.5));
    expect(soon.readings).toBe(0);
    const resumeMs = soon.resumeAfterMs.get('S01') ?? 0;
    expect(resumeMs).toBeLessThanOrEqual(at('2026-06-13', 8));
    expect(resumeMs).toBeGreaterThan(at('2026-06-13', 7.9));
  });
});
