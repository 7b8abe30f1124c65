import { sql, type Database } from '#persistence';
import { RegistryRepository } from '#registry';
import type { Fleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { rowText, trueReading } from './truth.ts';

/** What the tables say against what the gateways made. */
export interface Comparison {
  stored: number;
  /** Made and not stored. */
  missing: number;
  /** Stored, and made once less, or never. */
  doubled: number;
  /** Stored with another value, number or mark. */
  differing: number;
  /** The first few that are not as they should be. */
  examples: string[];
}

const EXAMPLES_MAX = 10;

interface Row {
  deviceId: number;
  measuredAt: Date;
  seq: bigint | null;
  power: number | null;
  total: bigint | null;
  day: number | null;
  temperature: number | null;
  frequency: number | null;
  voltages: number[] | null;
  status: number | null;
  faultCode: string | null;
  flags: number;
}

/** Compares every row of every device with what was measured, value by value. */
export async function compare(database: Database, fleet: Fleet): Promise<Comparison> {
  const entries = await new RegistryRepository(database).deviceDirectory();
  const ids = new Map(
    entries.map(({ stationCode, deviceCode, deviceId }) => [`${stationCode}/${deviceCode}`, deviceId]),
  );
  const result: Comparison = { stored: 0, missing: 0, doubled: 0, differing: 0, examples: [] };
  for (const gateway of fleet.gateways) await compareGateway(database, { gateway, ids, result });
  return result;
}

async function compareGateway(
  database: Database,
  { gateway, ids, result }: { gateway: Gateway; ids: ReadonlyMap<string, number>; result: Comparison },
): Promise<void> {
  const { stationCode, deviceCodes } = gateway.place;
  for (const [index, code] of deviceCodes.entries()) {
    const name = `${stationCode}/${code}`;
    const deviceId = ids.get(name);
    if (deviceId === undefined) throw new Error(`${name} is not in the registry`);
    const stored = await rowsOf(database, deviceId);
    result.stored += stored.length;
    const note = (kind: 'missing' | 'doubled' | 'differing', atMs: number, detail: string) => {
      result[kind] += 1;
      if (result.examples.length < EXAMPLES_MAX)
        result.examples.push(`${kind} ${name} ${new Date(atMs).toISOString()} ${detail}`);
    };
    const byInstant = new Map<number, Row[]>();
    for (const row of stored) {
      const atMs = row.measuredAt.getTime();
      byInstant.set(atMs, [...(byInstant.get(atMs) ?? []), row]);
    }
    for (let seq = 0; seq < gateway.messagesMade; seq += 1) {
      const atMs = gateway.takenAt(seq) ?? 0;
      const [row, ...others] = byInstant.get(atMs) ?? [];
      byInstant.delete(atMs);
      for (const _ of others) note('doubled', atMs, `number ${seq}`);
      if (!row) note('missing', atMs, `number ${seq}`);
      else {
        const wanted = rowText(seq, trueReading(gateway.firstDevice + index, seq));
        const found = textOf(row);
        if (found !== wanted || row.flags !== 0)
          note('differing', atMs, `${found} flags ${row.flags}, made ${wanted}`);
      }
    }
    for (const [atMs, rows] of byInstant) for (const _ of rows) note('doubled', atMs, 'never made');
  }
}

const rowsOf = (database: Database, deviceId: number) =>
  database.query<Row>(sql`
    select device_id as "deviceId", measured_at as "measuredAt", seq, active_power_w as power,
      energy_total_wh as total, energy_day_wh as day, temperature_dc as temperature, frequency_chz as frequency,
      line_voltages_dv as voltages, status, fault_code as "faultCode", flags
    from reading
    where device_id = ${deviceId} and measured_at > now() - interval '2 days'`);

const textOf = (row: Row): string =>
  JSON.stringify([
    numberOf(row.seq),
    row.power,
    numberOf(row.total),
    row.day,
    row.temperature,
    row.frequency,
    row.voltages,
    row.status,
    row.faultCode,
  ]);

const numberOf = (value: bigint | null) => (value === null ? null : Number(value));

/** Whether ingest has said since an instant that it has the broker. */
export async function ingestIsConnected(database: Database, since: Date): Promise<boolean> {
  const rows = await database.query(sql`
    select 1 from program_heartbeat where program = 'ingest' and recorded_at > ${since} and detail @> '{"connected": true}'`);
  return rows.length > 0;
}

/** Figures that ingest itself keeps: they must not count anything twice either. */
export interface IngestFigures {
  stored: number;
  accepted: number;
  quarantined: number;
  asked: number;
  came: number;
  open: number;
}

/** @throws Error of the database, for instance while it is down. */
export async function ingestFigures(database: Database): Promise<IngestFigures> {
  const [row] = await database.query<Record<keyof IngestFigures, bigint>>(sql`
    select
      (select count(*) from reading where measured_at > now() - interval '2 days') as stored,
      (select coalesce(sum(accepted), 0)::bigint from ingest_count) as accepted,
      (select coalesce(sum(times), 0)::bigint from quarantine_message) as quarantined,
      (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from resend_request, unnest(asked) as r) as asked,
      (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from resend_request, unnest(asked - missing) as r) as came,
      (select count(*) from resend_request where state = 'open') as open`);
  if (!row) throw new Error('the database answers nothing');
  return {
    stored: Number(row.stored),
    accepted: Number(row.accepted),
    quarantined: Number(row.quarantined),
    asked: Number(row.asked),
    came: Number(row.came),
    open: Number(row.open),
  };
}
