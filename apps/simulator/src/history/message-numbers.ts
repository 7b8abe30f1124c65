import { NUMBER_JUMP_MAX } from '#contracts';
import { dayOf } from '#domain';
import { sql, type Database } from '#persistence';
import { rangesOf, type ReadingModel } from '#simulation';
import type { OwedReading } from './owed-readings.ts';
import type { StationIds } from './reading-history.ts';

interface Sender {
  stationId: number;
  code: string;
  epoch: number;
  messages: { seq: number; measuredAtMs: number }[];
}

/**
 * Notes the numbers of readings that the history has written, as ingest notes those that it receives: else it would ask
 * for all of them again. Last words of earlier days are left out, since what is between them and today is not there.
 */
export async function noteNumbers(options: {
  database: Database;
  readings: ReadingModel;
  stations: ReadonlyMap<string, StationIds>;
  owed: readonly OwedReading[];
}): Promise<void> {
  const { database } = options;
  const known = await knownSenders(database);
  const senders = [...sendersOf(options).values()].flatMap((sender) => continued(sender, known));
  if (senders.length === 0) return;
  await database.transaction(async (transaction) => {
    const lastOf = (sender: Sender) => sender.messages.at(-1);
    await transaction.query(sql`
      insert into message_sender as s (station_id, code, epoch, epoch_began_at, last_seq, last_measured_at)
      select * from unnest(
        ${senders.map(({ stationId }) => stationId)}::int[], ${senders.map(({ code }) => code)}::text[],
        ${senders.map(({ epoch }) => epoch)}::int[],
        ${senders.map(({ messages }) => isoOf(messages[0]?.measuredAtMs))}::timestamptz[],
        ${senders.map((sender) => lastOf(sender)?.seq ?? 0)}::bigint[],
        ${senders.map((sender) => isoOf(lastOf(sender)?.measuredAtMs))}::timestamptz[])
      order by 1, 2
      on conflict (station_id, code) do update set
        last_seq = greatest(s.last_seq, excluded.last_seq),
        last_measured_at = greatest(s.last_measured_at, excluded.last_measured_at)`);
    const rows = senders.flatMap(daysOf);
    await transaction.query(sql`
      insert into message_sequence as m (station_id, sender_code, epoch, day, received)
      select station_id, sender_code, epoch, day, received::int8multirange
      from unnest(
        ${rows.map(({ stationId }) => stationId)}::int[], ${rows.map(({ code }) => code)}::text[],
        ${rows.map(({ epoch }) => epoch)}::int[], ${rows.map(({ day }) => day)}::date[],
        ${rows.map(({ received }) => received)}::text[]
      ) as u (station_id, sender_code, epoch, day, received)
      order by station_id, sender_code, epoch, day
      on conflict (station_id, sender_code, epoch, day) do update set received = m.received + excluded.received`);
  });
}

const isoOf = (instantMs = 0): string => new Date(instantMs).toISOString();
const keyOf = (stationId: number, code: string): string => `${stationId}/${code}`;

async function knownSenders(database: Database): Promise<Map<string, { epoch: number; lastSeq: number }>> {
  const rows = await database.query<{ stationId: number; code: string; epoch: number; lastSeq: bigint }>(sql`
    select station_id as "stationId", code, epoch, last_seq as "lastSeq" from message_sender`);
  return new Map(
    rows.map(({ stationId, code, epoch, lastSeq }) => [
      keyOf(stationId, code),
      { epoch, lastSeq: Number(lastSeq) },
    ]),
  );
}

function sendersOf(options: {
  readings: ReadingModel;
  stations: ReadonlyMap<string, StationIds>;
  owed: readonly OwedReading[];
}): Map<string, Sender> {
  const senders = new Map<string, Sender>();
  for (const { gateway, seq, rollsUp } of options.owed) {
    const stationId = options.stations.get(gateway.station.code)?.id;
    if (stationId === undefined || !rollsUp) continue;
    const key = keyOf(stationId, gateway.code);
    const sender = senders.get(key) ?? { stationId, code: gateway.code, epoch: 0, messages: [] };
    sender.messages.push({ seq, measuredAtMs: options.readings.measuredAtMs(gateway, seq) });
    senders.set(key, sender);
  }
  return senders;
}

/** The sender with what goes on from the numbers that ingest has; nothing where the numbering is another one. */
function continued(sender: Sender, known: ReadonlyMap<string, { epoch: number; lastSeq: number }>): Sender[] {
  const state = known.get(keyOf(sender.stationId, sender.code));
  if (state === undefined) return [sender];
  const messages = sender.messages.filter(({ seq }) => seq > state.lastSeq);
  const [first] = messages;
  if (first === undefined || first.seq > state.lastSeq + NUMBER_JUMP_MAX) return [];
  return [{ ...sender, epoch: state.epoch, messages }];
}

/** Numbers of a sender by Shanghai day of measurement, as PostgreSQL writes them. */
function daysOf({ stationId, code, epoch, messages }: Sender) {
  const seqsOfDay = new Map<string, number[]>();
  for (const { seq, measuredAtMs } of messages) {
    const day = dayOf(measuredAtMs);
    const seqs = seqsOfDay.get(day);
    if (seqs) seqs.push(seq);
    else seqsOfDay.set(day, [seq]);
  }
  return [...seqsOfDay].map(([day, seqs]) => ({
    stationId,
    code,
    epoch,
    day,
    received: `{${rangesOf(seqs)
      .map(([from, to]) => `[${from},${to}]`)
      .join(',')}}`,
  }));
}
