import { z } from 'zod';
import type { CounterFix } from '#domain';
import { join, sql, empty, type Database, type Queryable, type Sql } from '#persistence';
import type { CountedDevice } from './counter-reader.ts';

export interface ProposalRow {
  id: number;
  deviceId: number;
  stationCode: string;
  stationName: string;
  deviceCode: string;
  deviceKind: 'inverter' | 'meter';
  kind: string;
  at: Date;
  day: string;
  fromWh: number | null;
  toWh: number | null;
  isWaiting: boolean;
  state: 'open' | 'fixed' | 'dismissed' | 'gone';
  firstSeenAt: Date;
  choices: { fix: CounterFix; effectWh: number }[];
}

export interface SignedFixRow {
  id: number;
  proposalId: number;
  deviceId: number;
  kind: 'ignore' | 'reset' | 'rebase' | 'scale' | 'dismiss';
  fromAt: Date;
  toAt: Date | null;
  energyWh: number | null;
  multiply: number | null;
  divide: number | null;
  effectWh: number;
  reason: string;
  signedBy: string;
  signedAt: Date;
  takenBackReason: string | null;
  takenBackBy: string | null;
  takenBackAt: Date | null;
}

export interface NewFix {
  proposalId: number;
  deviceId: number;
  /** Null: a person looked, and what is booked stands. */
  fix: CounterFix | null;
  /** Instant of the item, for a decision without a fix. */
  at: Date;
  effectWh: number;
  reason: string;
  signedBy: string;
  signedAt: Date;
}

/** Choices as they are stored: fixes of the counter engine, instants in epoch ms. */
const choicesSchema = z.array(
  z.object({
    fix: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('ignore'), fromMs: z.number(), toMs: z.number() }),
      z.object({ kind: z.literal('reset'), atMs: z.number() }),
      z.object({ kind: z.literal('rebase'), atMs: z.number(), energyWh: z.number() }),
      z.object({
        kind: z.literal('scale'),
        fromMs: z.number(),
        toMs: z.number().nullable(),
        multiply: z.number(),
        divide: z.number(),
      }),
    ]),
    effectWh: z.number(),
  }),
);

const proposalColumns = sql`
  p.id, p.device_id as "deviceId", s.code as "stationCode", s.name as "stationName", d.code as "deviceCode",
  d.kind as "deviceKind", p.kind, p.at, p.day, p.from_wh::float8 as "fromWh", p.to_wh::float8 as "toWh",
  p.is_waiting as "isWaiting", p.state, p.first_seen_at as "firstSeenAt", p.choices`;

const fixColumns = sql`
  id, proposal_id as "proposalId", device_id as "deviceId", kind, from_at as "fromAt", to_at as "toAt",
  energy_wh::float8 as "energyWh", multiply, divide, effect_wh::float8 as "effectWh", reason,
  signed_by as "signedBy", signed_at as "signedAt", taken_back_reason as "takenBackReason",
  taken_back_by as "takenBackBy", taken_back_at as "takenBackAt"`;

export class ReviewRepository {
  constructor(private readonly database: Database) {}

  /** The newest first; of the open ones those that a person can decide now before those that wait for readings. */
  async list(question: {
    isOpen: boolean;
    station: string | undefined;
    limit: number;
    offset: number;
  }): Promise<ProposalRow[]> {
    const rows = await this.database.query<ProposalRow>(sql`
      select ${proposalColumns}
      from counter_proposal p
      join device d on d.id = p.device_id
      join station s on s.id = d.station_id
      where ${stateIs(question.isOpen)} ${atStation(question.station)}
      order by p.is_waiting, p.at desc, p.id
      limit ${question.limit}::int offset ${question.offset}::int`);
    return rows.map(parsed);
  }

  async counts(station: string | undefined): Promise<{ open: number; settled: number; records: number }> {
    const [row] = await this.database.query<{ open: number; settled: number; records: number }>(sql`
      select
        (select count(*)::int from counter_proposal p join device d on d.id = p.device_id
          join station s on s.id = d.station_id where ${stateIs(true)} ${atStation(station)}) as open,
        (select count(*)::int from counter_proposal p join device d on d.id = p.device_id
          join station s on s.id = d.station_id where ${stateIs(false)} ${atStation(station)}) as settled,
        (select count(*)::int from counter_record r join device d on d.id = r.device_id
          join station s on s.id = d.station_id
          where r.confirmed_at is null and r.taken_back_at is null ${atStation(station)}) as records`);
    return row ?? { open: 0, settled: 0, records: 0 };
  }

  async find(id: number): Promise<ProposalRow | null> {
    const [row] = await this.database.query<ProposalRow>(sql`
      select ${proposalColumns}
      from counter_proposal p
      join device d on d.id = p.device_id
      join station s on s.id = d.station_id
      where p.id = ${id}`);
    return row ? parsed(row) : null;
  }

  /** Decisions about items, the newest first; all of them, or those in force. */
  async fixesOf(proposalIds: readonly number[], options: { onlyInForce: boolean }): Promise<SignedFixRow[]> {
    return this.database.query<SignedFixRow>(sql`
      select ${fixColumns}
      from counter_fix
      where proposal_id = any (${proposalIds}::int[])
        ${options.onlyInForce ? sql`and taken_back_at is null` : empty}
      order by id desc`);
  }

  async fixesOfDevice(deviceId: number): Promise<SignedFixRow[]> {
    return this.database.query<SignedFixRow>(sql`
      select ${fixColumns} from counter_fix where device_id = ${deviceId} order by id desc`);
  }

  async findFix(id: number): Promise<SignedFixRow | null> {
    const [row] = await this.database.query<SignedFixRow>(
      sql`select ${fixColumns} from counter_fix where id = ${id}`,
    );
    return row ?? null;
  }

  async countedDevice(deviceId: number): Promise<CountedDevice | null> {
    const [row] = await this.database.query<CountedDevice>(sql`
      select d.id as "deviceId", d.station_id as "stationId", d.kind, d.rated_power_w as "ratedPowerW",
        d.counter_modulus_wh::float8 as "modulusWh", s.latitude as "latitudeDeg", s.longitude as "longitudeDeg"
      from device d
      join station s on s.id = d.station_id
      where d.id = ${deviceId}`);
    return row ?? null;
  }

  /** Raw readings around an instant, in order of time. */
  async readingsAround(deviceId: number, at: Date, eachSide: number) {
    return this.database.query<{
      measuredAt: Date;
      receivedAt: Date;
      totalWh: number | null;
      powerW: number | null;
    }>(sql`
      select measured_at as "measuredAt", received_at as "receivedAt", energy_total_wh::float8 as "totalWh",
        active_power_w as "powerW"
      from (
        (select measured_at, received_at, energy_total_wh, active_power_w from reading
          where device_id = ${deviceId} and measured_at < ${at}::timestamptz
            and measured_at >= ${at}::timestamptz - interval '35 days'
          order by measured_at desc limit ${eachSide}::int)
        union all
        (select measured_at, received_at, energy_total_wh, active_power_w from reading
          where device_id = ${deviceId} and measured_at >= ${at}::timestamptz
            and measured_at < ${at}::timestamptz + interval '35 days'
          order by measured_at limit ${eachSide + 1}::int)
      ) around
      order by measured_at`);
  }

  /** What is stored of the day of a device and of its station now. */
  async storedDay(deviceId: number, day: string) {
    const [row] = await this.database.query<{
      deviceWh: number | null;
      deviceQuality: string | null;
      stationWh: number | null;
      stationQuality: string | null;
      isPending: boolean;
    }>(sql`
      select e.energy_wh::float8 as "deviceWh", e.quality as "deviceQuality", t.energy_wh::float8 as "stationWh",
        t.quality as "stationQuality", w.station_id is not null as "isPending"
      from device d
      left join device_day e on e.device_id = d.id and e.day = ${day}::date
      left join station_day t on t.station_id = d.station_id and t.day = ${day}::date
      left join dirty_station_day w on w.station_id = d.station_id and w.day = ${day}::date
      where d.id = ${deviceId}`);
    return row ?? null;
  }
}

/** Writes a decision. @throws the unique violation `counter_fix_one_decision` where there is one in force already. */
export async function insertFix(transaction: Queryable, given: NewFix): Promise<number> {
  const { fix } = given;
  const from = fix === null ? given.at : new Date('fromMs' in fix ? fix.fromMs : fix.atMs);
  const toMs = fix !== null && 'toMs' in fix ? fix.toMs : null;
  const scale = fix?.kind === 'scale' ? fix : null;
  const [row] = await transaction.query<{ id: number }>(sql`
    insert into counter_fix (proposal_id, device_id, kind, from_at, to_at, energy_wh, multiply, divide, effect_wh,
      reason, signed_by, signed_at)
    values (${given.proposalId}, ${given.deviceId}, ${fix?.kind ?? 'dismiss'}, ${from}::timestamptz,
      ${toMs === null ? null : new Date(toMs)}::timestamptz, ${fix?.kind === 'rebase' ? fix.energyWh : null}::bigint,
      ${scale?.multiply ?? null}::int, ${scale?.divide ?? null}::int, ${given.effectWh}::bigint, ${given.reason},
      ${given.signedBy}, ${given.signedAt}::timestamptz)
    returning id`);
  if (!row) throw new Error('an insert gave no row');
  return row.id;
}

const parsed = (row: ProposalRow): ProposalRow => ({ ...row, choices: choicesSchema.parse(row.choices) });

const stateIs = (isOpen: boolean): Sql =>
  isOpen ? sql`p.state = 'open'` : sql`p.state in (${join(['fixed', 'dismissed'])})`;

const atStation = (station: string | undefined): Sql =>
  station === undefined ? empty : sql`and s.code = ${station}`;
