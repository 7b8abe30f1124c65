/*
 * The simulated fleet through the tables of the product, at a clock that the caller moves: gateway → bytes → decoding and
 * judgement of ingest → readings → roll-up → expected output → evaluation of alarms. Broker and connections are left out;
 * what they do to messages (late, lost, held back) is done here.
 */
import { addDays, dayOf, dayStartMs, daysBetween } from '#domain';
import {
  decodeNative,
  DeviceDirectory,
  ReadingRepository,
  validateReading,
  type ReceivedReading,
} from '#ingestion';
import { AlarmEvaluator, ExpectedService, FleetService, RollUpService } from '#monitoring';
import { sql, TimeSeriesDays, type Database } from '#persistence';
import { createLogger, readEnvironment } from '#platform';
import { RegistryRepository, writeSnapshot, type RegistrySnapshot } from '#registry';
import {
  dayIndexOf,
  deliveryOf,
  encodeBatch,
  type Fault,
  type GatewaySchedule,
  gatewaySchedules,
  readingInstantMs,
  ReadingModel,
  seqAfter,
  TruthModel,
} from '#simulation';
import { MovedClock } from './moved-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NIGHT_END_MS = 4 * HOUR_MS;
const NIGHT_BEGIN_MS = 21 * HOUR_MS;
const INTERVAL_S = 300;
/** What a message takes from the gateway to the database. */
const TRANSPORT_MS = 2000;
/** Messages of one write. */
const MESSAGES_A_WRITE = 400;
/** Quarter hours are worked out at these minutes of an hour in daylight, and of the first hour of the day. */
const ROLL_UP_MINUTE = 25;
const ROLL_UP_HOURS: ReadonlySet<number> = new Set([0, 7, 10, 13, 16, 20]);

export interface TableFleetOptions {
  database: Database;
  seed: number;
  /** What really stands there, and what the register says of it. */
  registry: RegistrySnapshot;
  registered?: RegistrySnapshot;
  faults: readonly Fault[];
  /** First day with readings; of the days before it quarter hours and energies alone are there. */
  fromDay: string;
  historyDays: number;
  /** Longest step that is no pause, in steps of five minutes. */
  speed?: number;
}

/** The views of a fleet are kept for a second of real time, in which many steps go by here. */
class FreshFleet extends FleetService {
  constructor(private readonly parts: ConstructorParameters<typeof FleetService>) {
    super(...parts);
  }
  override stationViews() {
    return new FleetService(...this.parts).stationViews();
  }
}

/** What keeps messages from the database. `broker` and `ingest` hold them back; afterwards they come all at once. */
export type Stopped = 'none' | 'ingest' | 'broker' | 'worker' | 'everything';

export class TableFleet {
  readonly clock: MovedClock;
  readonly truth: TruthModel;
  stopped: Stopped = 'none';
  private readonly database: Database;
  private readonly readings: ReadingModel;
  private readonly gateways: readonly GatewaySchedule[];
  private readonly next = new Map<GatewaySchedule, number>();
  private readonly directory: DeviceDirectory;
  private readonly repository: ReadingRepository;
  private readonly rollUp: RollUpService;
  private readonly expected: ExpectedService;
  private evaluator: AlarmEvaluator;
  private readonly ensuredDays = new Set<string>();
  private readonly environment = readEnvironment({ PV_INTERVAL_S: String(INTERVAL_S) });
  private readonly owed: { gateway: GatewaySchedule; seq: number; dueMs: number }[] = [];
  private rolledHour = -1;

  private constructor(private readonly options: TableFleetOptions) {
    const { database, fromDay, registry, seed, faults } = options;
    this.database = database;
    this.clock = new MovedClock(dayStartMs(fromDay), options.speed ?? 1);
    this.truth = new TruthModel({ seed, registry, faults });
    this.readings = new ReadingModel(this.truth);
    this.gateways = gatewaySchedules(this.truth.plant, INTERVAL_S);
    for (const gateway of this.gateways) this.next.set(gateway, seqAfter(gateway, dayStartMs(fromDay) - 1));
    this.directory = new DeviceDirectory(new RegistryRepository(database));
    this.repository = new ReadingRepository(database);
    this.rollUp = new RollUpService(database, this.clock);
    const logger = createLogger('worker', { PV_LOG_LEVEL: 'error' });
    this.expected = new ExpectedService(database, this.clock, logger);
    this.evaluator = this.newEvaluator();
  }

  /** Registers the fleet, writes its history and judges it. */
  static async begin(options: TableFleetOptions): Promise<TableFleet> {
    const fleet = new TableFleet(options);
    const { database, registered, registry, seed } = options;
    await writeSnapshot(database, registered ?? registry, { simulated: true, seed });
    await fleet.directory.load();
    if (options.historyDays > 0) {
      await fleet.writeHistory();
      await fleet.expectAll();
    }
    return fleet;
  }

  /** Lets time go by up to an instant, an evaluation each `stepMs`. */
  async run(toMs: number, stepMs = 5 * MINUTE_MS): Promise<void> {
    while (this.clock.atMs < toMs) {
      this.clock.atMs = Math.min(toMs, this.clock.atMs + stepMs);
      await this.step();
    }
  }

  /** Days without anybody looking: a step an hour by night, `dayStepMs` by day. */
  async runDays(days: number, dayStepMs: number): Promise<void> {
    const first = dayOf(this.clock.atMs);
    for (const day of daysBetween(first, addDays(first, days))) {
      await this.run(dayStartMs(day) + NIGHT_END_MS, HOUR_MS);
      await this.run(dayStartMs(day) + NIGHT_BEGIN_MS, dayStepMs);
      await this.run(dayStartMs(addDays(day, 1)), HOUR_MS);
    }
  }

  /** Goes to an instant without what lies between; the messages of that time are never sent. */
  skipTo(atMs: number): void {
    this.clock.atMs = atMs;
    for (const gateway of this.gateways) this.next.set(gateway, seqAfter(gateway, atMs - INTERVAL_S * 1000));
  }

  /** A worker that knows nothing but what is stored. */
  restartWorker(): void {
    this.evaluator = this.newEvaluator();
  }

  private async step(): Promise<void> {
    const isHeld = this.stopped === 'ingest' || this.stopped === 'broker' || this.stopped === 'everything';
    if (!isHeld) await this.receive();
    if (this.stopped !== 'ingest' && this.stopped !== 'everything') await this.beat();
    if (this.stopped === 'worker' || this.stopped === 'everything') return;
    await this.workHour();
    await this.evaluator.evaluate();
  }

  /** Ingest says that it lives, and whether it has its broker. */
  private async beat(): Promise<void> {
    await this.database.query(sql`
      insert into program_heartbeat (program, instance, recorded_at, detail)
      values ('ingest', 'ingest-1', ${this.clock.now()}::timestamptz,
        jsonb_build_object('connected', ${this.stopped !== 'broker'}::boolean))
      on conflict (program, instance) do update set recorded_at = excluded.recorded_at, detail = excluded.detail`);
  }

  /** Takes in what the gateways have sent by now. */
  private async receive(): Promise<void> {
    const nowMs = this.clock.atMs;
    const due = this.owed.splice(0).filter((late) => {
      if (late.dueMs > nowMs) this.owed.push(late);
      return late.dueMs <= nowMs;
    });
    const messages = due.map(({ gateway, seq }) => ({ gateway, seq }));
    for (const gateway of this.gateways) {
      const endSeq = seqAfter(gateway, nowMs - TRANSPORT_MS);
      for (let seq = this.next.get(gateway) ?? endSeq; seq < endSeq; seq += 1) {
        const delivery = deliveryOf(this.truth.faults, gateway, seq);
        if (delivery.kind === 'live') messages.push({ gateway, seq });
        if (delivery.kind === 'late')
          this.owed.push({ gateway, seq, dueMs: delivery.sentAtMs + TRANSPORT_MS });
      }
      this.next.set(gateway, endSeq);
    }
    for (let first = 0; first < messages.length; first += MESSAGES_A_WRITE)
      await this.write(messages.slice(first, first + MESSAGES_A_WRITE));
  }

  private async write(messages: readonly { gateway: GatewaySchedule; seq: number }[]): Promise<void> {
    const nowMs = this.clock.atMs;
    const isHeldBack = (takenAtMs: number) => nowMs - takenAtMs > 2 * INTERVAL_S * 1000;
    const received = messages.flatMap(({ gateway, seq }): ReceivedReading[] => {
      const reading = this.readings.reading(gateway, seq);
      const topic = `pv/v1/${gateway.station.code}/${gateway.code}/telemetry`;
      const { readings } = decodeNative(topic, Buffer.from(encodeBatch(reading)));
      const takenAtMs = readingInstantMs(gateway, seq);
      return readings.flatMap((decoded) => {
        const device = this.directory.device(decoded.stationCode, decoded.deviceCode);
        const known = validateReading(decoded, device, nowMs);
        if ('reason' in known) throw new Error(`${known.reason}: ${known.detail}`);
        return [{ ...known, receivedAtMs: isHeldBack(takenAtMs) ? nowMs : takenAtMs + TRANSPORT_MS }];
      });
    });
    if (received.length === 0) return;
    await this.ensureDays(received.map(({ reading }) => dayOf(reading.measuredAtMs)));
    await this.repository.write({ readings: received, gatewayChanges: [], quarantined: [] });
  }

  private async ensureDays(days: readonly string[]): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.ensuredDays.has(day));
    if (missing.length === 0) return;
    await new TimeSeriesDays(this.database).ensure(missing);
    for (const day of missing) this.ensuredDays.add(day);
  }

  /** Roll-up and expected output, a few times a day. */
  private async workHour(): Promise<void> {
    const sinceMs = this.clock.atMs - dayStartMs(dayOf(this.clock.atMs));
    const hour = Math.floor((sinceMs - ROLL_UP_MINUTE * MINUTE_MS) / HOUR_MS);
    if (hour === this.rolledHour || !ROLL_UP_HOURS.has(hour)) return;
    this.rolledHour = hour;
    while ((await this.rollUp.rollUpDirtyDays()) > 0) continue;
    if (this.options.historyDays > 0) await this.expectAll();
  }

  /** Turns until nothing more is due; the first sees whether the history stands still. */
  private async expectAll(): Promise<void> {
    for (let idle = 0; idle < 2;) {
      const turn = await this.expected.turn();
      idle = turn && (turn.folded > 0 || turn.fitted > 0) ? 0 : idle + 1;
    }
  }

  private newEvaluator(): AlarmEvaluator {
    const { database, clock, environment } = this;
    return new AlarmEvaluator(database, clock, environment, new FreshFleet([database, clock, environment]));
  }

  private async writeHistory(): Promise<void> {
    const { database, fromDay, historyDays } = this.options;
    const ids = await database.query<{ id: number; code: string }>(sql`select id, code from station`);
    const idOf = new Map(ids.map(({ id, code }) => [code, id]));
    const days = daysBetween(addDays(fromDay, -historyDays), fromDay);
    await database.copyInto({
      table: 'station_day',
      columns: ['station_id', 'day', 'energy_wh', 'method', 'quality', 'computed_at'],
      rows: this.dayRows(days, idOf),
    });
    await database.copyInto({
      table: 'station_quarter_hour',
      columns: ['station_id', 'starts_at', 'energy_wh', 'method', 'quality'],
      rows: this.quarterRows(days, idOf),
    });
  }

  private *dayRows(days: readonly string[], idOf: ReadonlyMap<string, number>) {
    const computedAt = new Date(dayStartMs(this.options.fromDay));
    for (const day of days)
      for (const station of this.truth.plant.stations) {
        const energyWh = this.truth.stationDayWh(station, dayIndexOf(day));
        yield [idOf.get(station.code) ?? 0, day, energyWh, 'meter_counter', 'measured', computedAt];
      }
  }

  private *quarterRows(days: readonly string[], idOf: ReadonlyMap<string, number>) {
    for (const day of days)
      for (const station of this.truth.plant.stations) {
        const id = idOf.get(station.code) ?? 0;
        const energiesWh = this.truth.stationQuarterHoursWh(station, dayIndexOf(day));
        for (const [slot, energyWh] of energiesWh.entries()) {
          const startsAt = new Date(dayStartMs(day) + slot * 15 * MINUTE_MS);
          yield [id, startsAt, energyWh, 'meter_counter', 'measured'];
        }
      }
  }
}
