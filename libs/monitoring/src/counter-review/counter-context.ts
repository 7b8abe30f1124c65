import type { CounterFix, CounterRecord } from '#domain';
import { sql, type Database } from '#persistence';

/** How an item of the inbox was settled. */
export type Decision = 'fix' | 'dismiss';

/** What persons signed about a device, and what they have not decided yet. */
export interface DeviceContext {
  /** Confirmed by a second person and not taken back. */
  records: readonly CounterRecord[];
  /** In force, in the order in which they were signed. */
  fixes: readonly CounterFix[];
  /** By `findingKey`. */
  decisions: ReadonlyMap<string, Decision>;
  /**
   * Instants (epoch ms) of jumps to a larger scale that are booked as the smaller one until a person decides. Later
   * days have to know of them, or they would book ten times the energy.
   */
  openScalesMs: readonly number[];
}

export const findingKey = (kind: string, atMs: number): string => `${kind} ${atMs}`;

interface FixRow {
  deviceId: number;
  kind: 'ignore' | 'reset' | 'rebase' | 'scale' | 'dismiss';
  fromAt: Date;
  toAt: Date | null;
  energyWh: number | null;
  multiply: number | null;
  divide: number | null;
}

/** A stored decision as the counter engine takes it; null for one that changes no reading. */
export function fixOfRow(row: Omit<FixRow, 'deviceId'>): CounterFix | null {
  const fromMs = row.fromAt.getTime();
  switch (row.kind) {
    case 'ignore':
      return { kind: 'ignore', fromMs, toMs: row.toAt?.getTime() ?? fromMs };
    case 'reset':
      return { kind: 'reset', atMs: fromMs };
    case 'rebase':
      return { kind: 'rebase', atMs: fromMs, energyWh: row.energyWh ?? 0 };
    case 'scale':
      return {
        kind: 'scale',
        fromMs,
        toMs: row.toAt?.getTime() ?? null,
        multiply: row.multiply ?? 1,
        divide: row.divide ?? 1,
      };
    case 'dismiss':
      return null;
  }
}

interface RecordRow {
  kind: 'exchange' | 'move';
  deviceId: number;
  toDeviceId: number | null;
  at: Date;
  finalWh: number | null;
  startWh: number | null;
  newSerial: string | null;
  readingWh: number | null;
}

/** Signed facts and decisions of devices, as they stand now. */
export async function readContexts(
  database: Database,
  deviceIds: readonly number[],
): Promise<Map<number, DeviceContext>> {
  const [fixes, records, scales] = await Promise.all([
    readFixes(database, deviceIds),
    readRecords(database, deviceIds),
    readOpenScales(database, deviceIds),
  ]);
  const contexts = new Map<number, DeviceContext>();
  const touched = new Set([...fixes, ...records, ...scales].map(({ deviceId }) => deviceId));
  for (const id of touched) {
    const own = fixes.filter(({ deviceId }) => deviceId === id);
    contexts.set(id, {
      records: records.filter(({ deviceId }) => deviceId === id).map(({ record }) => record),
      fixes: own.map(fixOfRow).filter((fix) => fix !== null),
      decisions: new Map(
        own.map(({ proposalKind, proposalAt, kind }) => [
          findingKey(proposalKind, proposalAt.getTime()),
          kind === 'dismiss' ? 'dismiss' : 'fix',
        ]),
      ),
      openScalesMs: scales.filter(({ deviceId }) => deviceId === id).map(({ at }) => at.getTime()),
    });
  }
  return contexts;
}

async function readFixes(database: Database, deviceIds: readonly number[]) {
  return database.query<FixRow & { proposalKind: string; proposalAt: Date }>(sql`
    select f.device_id as "deviceId", f.kind, f.from_at as "fromAt", f.to_at as "toAt",
      f.energy_wh::float8 as "energyWh", f.multiply, f.divide, p.kind as "proposalKind", p.at as "proposalAt"
    from counter_fix f
    join counter_proposal p on p.id = f.proposal_id
    where f.device_id = any (${deviceIds}::int[]) and f.taken_back_at is null
    order by f.id`);
}

async function readRecords(database: Database, deviceIds: readonly number[]) {
  const rows = await database.query<RecordRow>(sql`
    select kind, device_id as "deviceId", to_device_id as "toDeviceId", at, final_wh::float8 as "finalWh",
      start_wh::float8 as "startWh", new_serial as "newSerial", reading_wh::float8 as "readingWh"
    from counter_record
    where (device_id = any (${deviceIds}::int[]) or to_device_id = any (${deviceIds}::int[]))
      and confirmed_at is not null and taken_back_at is null
    order by at, id`);
  return rows.flatMap(recordsOfRow);
}

/** A move is a fact of two devices: it leaves one station and comes to another. */
function recordsOfRow(row: RecordRow): { deviceId: number; record: CounterRecord }[] {
  const atMs = row.at.getTime();
  if (row.kind === 'exchange') {
    const { finalWh, startWh, newSerial } = row;
    const record: CounterRecord = {
      kind: 'exchange',
      atMs,
      finalWh,
      startWh: startWh ?? 0,
      newSerial: newSerial ?? '',
    };
    return [{ deviceId: row.deviceId, record }];
  }
  const reading = row.readingWh === null ? {} : { readingWh: row.readingWh };
  const out = { deviceId: row.deviceId, record: { kind: 'move_out' as const, atMs, ...reading } };
  if (row.toDeviceId === null) return [out];
  return [out, { deviceId: row.toDeviceId, record: { kind: 'move_in', atMs, ...reading } }];
}

async function readOpenScales(database: Database, deviceIds: readonly number[]) {
  return database.query<{ deviceId: number; at: Date }>(sql`
    select device_id as "deviceId", at
    from counter_proposal
    where device_id = any (${deviceIds}::int[]) and kind = 'scale_change' and state in ('open', 'dismissed')
      and choices @? '$[*].fix.divide ? (@ > 1)'
    order by at`);
}
