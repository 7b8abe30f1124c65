import { beforeAll, describe, expect, it } from 'vitest';
import {
  alarmPolicyEntrySchema,
  alarmQuerySchema,
  outageEntrySchema,
  type Alarm,
  type AlarmQuery,
} from '#contracts';
import { AlarmEvaluator, AlarmService, AlarmSettingsService, FleetService, OutageService } from '#monitoring';
import { sql, TimeSeriesDays } from '#persistence';
import { Clock, readEnvironment } from '#platform';
import { generateRegistry, writeSnapshot } from '#registry';
import { testDatabase } from '#test-support';

const MINUTE = 60_000;
const STEP_MINUTES = 5;
const database = await testDatabase();
const environment = readEnvironment({});
const who = { name: '值班员' };

/** The clock of the worker; the test moves it. */
class SetClock extends Clock {
  /** Nine in the morning of a clear day: the whole fleet makes half of what it could. */
  atMs = Date.parse('2026-06-01T09:00:00+08:00');
  override nowMs(): number {
    return this.atMs;
  }
  override now(): Date {
    return new Date(this.atMs);
  }
}
const clock = new SetClock();

/** The views of a fleet are kept for a second of real time; here the clock goes faster, so they are read before. */
class ReadFleet extends FleetService {
  known: Awaited<ReturnType<FleetService['stationViews']>> = [];
  async read(): Promise<void> {
    this.known = await new FleetService(database, clock, environment).stationViews();
  }
  override stationViews() {
    return Promise.resolve(this.known);
  }
}
const fleet = new ReadFleet(database, clock, environment);
const newWorker = () => new AlarmEvaluator(database, clock, environment, fleet);
const service = new AlarmService(database, clock);
const settings = new AlarmSettingsService(database, clock);
const outages = new OutageService(database, clock);
const list = (query: Partial<AlarmQuery> = {}) => service.list(alarmQuerySchema.parse(query));
const kinds = async () => (await list()).items.map(({ kind }) => kind).toSorted();

let worker = newWorker();
let county = '';
let one = { id: 0, code: '' };

interface World {
  /** Who says nothing. */
  silent?: 'all' | 'county' | 'one';
  /** Station that makes nothing. */
  zero?: number;
  fault?: number;
  isIngestUp?: boolean;
}

/** What every device says now. */
async function report({ silent, zero, fault, isIngestUp = true }: World) {
  const now = clock.now();
  if (isIngestUp)
    await database.query(sql`
      insert into program_heartbeat (program, instance, recorded_at, detail)
      values ('ingest', 'ingest-1', ${now}::timestamptz, '{"connected": true}'::jsonb)
      on conflict (program, instance) do update set recorded_at = excluded.recorded_at`);
  if (silent === 'all') return;
  const isHeard =
    silent === 'county'
      ? sql`t.county_code <> ${county}`
      : silent === 'one'
        ? sql`s.id <> ${one.id}::int`
        : sql`true`;
  await database.query(sql`
    insert into latest_reading (device_id, measured_at, received_at, active_power_w, status, flags)
    select d.id, ${now}::timestamptz, ${now}::timestamptz,
      case when d.station_id = ${zero ?? -1}::int then 0 else d.rated_power_w / 2 end,
      case when d.station_id = ${fault ?? -1}::int and d.kind = 'inverter' then 5 else 1 end, 0
    from device d join station s on s.id = d.station_id join township t on t.code = s.township_code
    where ${isHeard}
    on conflict (device_id) do update set measured_at = excluded.measured_at,
      received_at = excluded.received_at, active_power_w = excluded.active_power_w, status = excluded.status`);
  await database.query(sql`
    insert into station_contact (station_id, received_at)
    select s.id, ${now}::timestamptz from station s join township t on t.code = s.township_code
    where ${isHeard}
    on conflict (station_id) do update set received_at = excluded.received_at`);
}

/** Minutes go by, an evaluation every five. */
async function pass(minutes: number, world: World = {}): Promise<void> {
  for (let minute = 0; minute < minutes; minute += STEP_MINUTES) {
    clock.atMs += STEP_MINUTES * MINUTE;
    await report(world);
    await fleet.read();
    await worker.evaluate();
  }
}

async function only(query: Partial<AlarmQuery> = {}): Promise<Alarm> {
  const [alarm] = (await list(query)).items;
  if (!alarm) throw new Error('there is no alarm');
  return alarm;
}

beforeAll(async () => {
  await new TimeSeriesDays(database).ensure(['2026-06-01', '2026-06-02']);
  await writeSnapshot(database, generateRegistry(1), { simulated: true, seed: 1 });
  const [row] = await database.query<{ id: number; code: string; county: string }>(sql`
    select s.id, s.code, t.county_code as county
    from station s join township t on t.code = s.township_code order by s.code limit 1`);
  if (!row) throw new Error('no station');
  one = { id: row.id, code: row.code };
  county = row.county;
}, 120_000);

// The steps of two days, in order. What is judged in daylight has to be asked while the sun is above 10°.
describe('alarms of a fleet of 468', () => {
  it('raises nothing while the fleet is well', async () => {
    await pass(30);
    expect(await kinds()).toEqual([]);
  }, 120_000);

  it('raises nothing over a restart of ingest, of the broker, or of the worker', async () => {
    clock.atMs += 40 * MINUTE;
    worker = newWorker();
    await pass(4, { silent: 'all' });
    await pass(30);
    expect(await kinds()).toEqual([]);
  }, 120_000);

  it('makes one alarm of an ingest that is down for an hour, and none when it is back', async () => {
    await pass(60, { silent: 'all', isIngestUp: false });
    expect(await kinds()).toEqual(['ingest_down']);
    await pass(8, { silent: 'all' });
    await pass(20);
    expect(await kinds()).toEqual(['ingest_down']);
    expect((await only()).recoveredAt).not.toBeNull();
  }, 120_000);

  it('makes one alarm of a county that is silent', async () => {
    await pass(60, { silent: 'county' });
    expect(await kinds()).toEqual(['county_silent', 'ingest_down']);
    await pass(30);
    expect(await kinds()).toEqual(['county_silent', 'ingest_down']);
  }, 120_000);

  it('sees a station that makes nothing in half an hour, with what it costs', async () => {
    await pass(20, { zero: one.id });
    expect(await kinds()).not.toContain('zero');
    await database.query(sql`
      insert into station_quarter_hour (station_id, starts_at, energy_wh, method, quality)
      select s.id, g.at, case when s.id = ${one.id}::int then 0 else s.capacity_w / 8 end, 'meter_counter', 'measured'
      from station s cross join generate_series(timestamptz '2026-06-01 01:00Z', timestamptz '2026-06-01 08:00Z',
        interval '15 minutes') as g (at)`);
    await pass(48, { zero: one.id });
    const zero = await only({ kind: 'zero' });
    expect(zero).toMatchObject({ stationCode: one.code, level: 'major', state: 'open', isLossWhole: true });
    expect(zero.lostEnergyWh).toBeGreaterThan(0);
    expect((await only()).kind).toBe('zero');
    const detail = await service.detail(zero.id);
    expect(detail.samples.length).toBeGreaterThan(3);
    expect(detail.lossDays).toEqual([
      expect.objectContaining({ day: '2026-06-01', basis: 'peers', lostEnergyWh: zero.lostEnergyWh }),
    ]);
    const fen = BigInt(zero.lostEnergyWh) * BigInt(detail.lossDays[0]?.priceHaoPerKwh ?? 0);
    expect(zero.lostAmountFen).toBe(String((fen + 50_000n) / 100_000n));
  }, 120_000);

  it('counts what a station loses once, however many of its alarms say so', async () => {
    const alone = await list();
    const [second] = await database.query<{ id: bigint }>(sql`
      insert into alarm (kind, subject, county_code, station_id, level, opened_at, began_at, last_seen_at,
        lost_energy_wh, lost_amount_fen, fen_per_post_month)
      select 'low', subject, county_code, station_id, level, opened_at, began_at, last_seen_at, lost_energy_wh,
        lost_amount_fen, fen_per_post_month
      from alarm where kind = 'zero' and state <> 'closed'
      returning id`);
    const both = await list();
    expect(both).toMatchObject({ total: alone.total + 1, lostAmountFen: alone.lostAmountFen });
    await database.query(sql`delete from alarm where id = ${second?.id ?? 0n}::bigint`);
  });

  it('is acknowledged, given away, commented and put to rest by name; a stale version is a conflict', async () => {
    const { id, version } = await only({ kind: 'zero' });
    const acknowledged = await service.acknowledge(id, version, who);
    expect(acknowledged).toMatchObject({ state: 'acknowledged', acknowledgedBy: '值班员' });
    await expect(service.assign(id, { version, assignee: '李师傅' }, who)).rejects.toMatchObject({
      status: 409,
      code: 'alarm.changed',
    });
    const assigned = await service.assign(id, { version: version + 1, assignee: '李师傅' }, who);
    await service.comment(id, '已电话联系', who);
    expect((await list({ assignee: '李师傅' })).total).toBe(1);
    const until = new Date(clock.atMs + 60 * MINUTE).toISOString();
    const resting = await service.snooze(id, { version: assigned.version, until, note: '' }, who);
    expect(resting.state).toBe('snoozed');
    expect(await kinds()).not.toContain('zero');
    await expect(
      service.snooze(id, { version: resting.version, until: clock.now().toISOString(), note: '' }, who),
    ).rejects.toMatchObject({ code: 'alarm.snooze_end' });
    await service.snooze(id, { version: resting.version, until: null, note: '' }, who);
    const { history } = await service.detail(id);
    expect(history.map(({ kind }) => kind)).toEqual([
      'woken',
      'snoozed',
      'commented',
      'assigned',
      'acknowledged',
      'opened',
    ]);
  });

  it('goes on over a restart, and stays closed where a person closed it', async () => {
    worker = newWorker();
    await pass(20, { zero: one.id });
    const zero = await only({ kind: 'zero' });
    expect((await service.detail(zero.id)).incidents).toHaveLength(1);
    const closed = await service.close(zero.id, { version: zero.version, reason: '计划检修' }, who);
    expect(closed).toMatchObject({ state: 'closed', closedBy: '值班员' });
    await pass(40, { zero: one.id });
    expect((await list({ kind: 'zero' })).total).toBe(0);
    await pass(34);
    await pass(34, { zero: one.id });
    expect((await only({ kind: 'zero' })).id).not.toBe(zero.id);
  }, 120_000);

  it('sees an offline station within two hours of daylight, and a fault in a quarter of one', async () => {
    clock.atMs = Date.parse('2026-06-02T09:00:00+08:00');
    await pass(20);
    await pass(20, { fault: one.id });
    expect(await kinds()).toContain('fault');
    await pass(115, { silent: 'one' });
    expect(await kinds()).not.toContain('offline');
    await pass(15, { silent: 'one' });
    expect(await kinds()).toContain('offline');
  }, 120_000);

  it('is quiet during a registered outage, and by a policy that is off in the county', async () => {
    const [other] = await database.query<{ id: number; code: string; county: string }>(sql`
      select s.id, s.code, t.county_code as county from station s join township t on t.code = s.township_code
      where t.county_code <> ${county} order by s.code limit 1`);
    if (!other) throw new Error('no other station');
    const entry = outageEntrySchema.parse({
      actionKey: crypto.randomUUID(),
      kind: 'grid',
      station: other.code,
      fromAt: clock.now().toISOString(),
      toAt: new Date(clock.atMs + 40 * MINUTE).toISOString(),
      reason: '线路检修',
    });
    const outage = await outages.register(entry, who);
    expect(await outages.register(entry, who)).toEqual(outage);
    expect(outage.state).toBe('running');
    await pass(38, { fault: other.id });
    expect((await list({ station: other.code })).total).toBe(0);
    expect((await outages.cancel(outage.id, who)).state).toBe('cancelled');
    await expect(database.query(sql`delete from registered_outage`)).rejects.toThrow(/never taken away/);
    const inForce = (await settings.policies({})).items.find(({ kind }) => kind === 'fault');
    if (!inForce) throw new Error('there is no policy of faults');
    const { countyCode, setBy, setAt, effectiveFrom, side, unit, ...limits } = inForce;
    expect([countyCode, setBy, setAt, effectiveFrom]).toEqual([null, null, null, null]);
    expect([side, unit]).toEqual(['above', 'count']);
    const off = alarmPolicyEntrySchema.parse({
      ...limits,
      county: other.county,
      isOn: false,
      effectiveFrom: '2026-06-02',
      reason: '试运行',
    });
    await expect(settings.setPolicy({ ...off, effectiveFrom: '2026-06-01' }, who)).rejects.toMatchObject({
      code: 'alarm.past_day',
    });
    await settings.setPolicy(off, who);
    await pass(20, { fault: other.id });
    expect((await list({ station: other.code })).total).toBe(0);
    await settings.setPolicy({ ...off, isOn: true }, who);
    await pass(18, { fault: other.id });
    expect((await list({ station: other.code })).total).toBe(1);
  }, 120_000);
});
