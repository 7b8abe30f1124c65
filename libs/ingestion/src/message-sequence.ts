import { NUMBER_JUMP_MAX } from '#contracts';
import { sql, type Queryable } from '#persistence';

/** A message with a running number, of a known sender. */
export interface NumberedMessage {
  stationId: number;
  senderCode: string;
  seq: number;
  measuredAtMs: number;
  /** Shanghai day that the message counts for. */
  day: string;
}

/** Where a sender's numbering stands. */
export interface SenderState {
  epoch: number;
  epochBeganAtMs: number;
  lastSeq: number;
  lastMeasuredAtMs: number;
}

/** Numbers that run backwards while time goes on by more than this are a new numbering, not a late message. */
const RESTART_AFTER_MS = 30_000;

/**
 * Where the numbering stands after a message, and the epoch that the message is of. Numbers grow with the time of
 * measurement; a gateway that was replaced, or lost its memory, begins a new epoch. A late message or one that was sent
 * again is of the epoch in which it was measured.
 */
export function advanceSender(
  state: SenderState | undefined,
  { seq, measuredAtMs }: { seq: number; measuredAtMs: number },
): { state: SenderState; epoch: number; isGap: boolean } {
  const fresh = (epoch: number): { state: SenderState; epoch: number; isGap: boolean } => ({
    state: { epoch, epochBeganAtMs: measuredAtMs, lastSeq: seq, lastMeasuredAtMs: measuredAtMs },
    epoch,
    isGap: false,
  });
  if (!state) return fresh(0);
  const { epoch, epochBeganAtMs, lastSeq, lastMeasuredAtMs } = state;
  if (measuredAtMs < epochBeganAtMs && epoch > 0) return { state, epoch: epoch - 1, isGap: false };
  // Either way: a garbled number must not open a hole of millions.
  if (Math.abs(seq - lastSeq) > NUMBER_JUMP_MAX) return fresh(epoch + 1);
  if (seq <= lastSeq) {
    if (measuredAtMs > lastMeasuredAtMs + RESTART_AFTER_MS) return fresh(epoch + 1);
    return { state, epoch, isGap: false };
  }
  const next = {
    epoch,
    epochBeganAtMs,
    lastSeq: seq,
    lastMeasuredAtMs: Math.max(measuredAtMs, lastMeasuredAtMs),
  };
  return { state: next, epoch, isGap: seq !== lastSeq + 1 };
}

export interface Sender {
  stationId: number;
  senderCode: string;
}

/**
 * Notes the numbers of messages that are written in this transaction. Rows are locked in the order of their keys.
 * @returns senders whose numbers have a hole now, or may have.
 */
export async function noteNumbers(
  transaction: Queryable,
  messages: readonly NumberedMessage[],
): Promise<Sender[]> {
  if (messages.length === 0) return [];
  const states = await lockedStates(transaction, messages);
  const noted: (NumberedMessage & { epoch: number })[] = [];
  const gaps = new Map<string, Sender>();
  for (const message of messages) {
    const key = keyOf(message);
    const { state, epoch, isGap } = advanceSender(states.get(key)?.state, message);
    const { stationId, senderCode } = message;
    states.set(key, { stationId, senderCode, state });
    noted.push({ ...message, epoch });
    if (isGap) gaps.set(key, { stationId, senderCode });
  }
  await storeStates(transaction, [...states.values()]);
  await storeNumbers(transaction, noted);
  return [...gaps.values()];
}

const keyOf = ({ stationId, senderCode }: Sender) => `${stationId}/${senderCode}`;

interface StoredSender extends Sender {
  state: SenderState;
}

async function lockedStates(
  transaction: Queryable,
  senders: readonly Sender[],
): Promise<Map<string, StoredSender>> {
  const wanted = [...new Map(senders.map((sender) => [keyOf(sender), sender])).values()];
  const rows = await transaction.query<
    Sender & { epoch: number; began: Date; lastSeq: bigint; lastAt: Date }
  >(sql`
    select s.station_id as "stationId", s.code as "senderCode", s.epoch, s.epoch_began_at as began,
      s.last_seq as "lastSeq", s.last_measured_at as "lastAt"
    from message_sender s
    join unnest(
      ${wanted.map(({ stationId }) => stationId)}::int[], ${wanted.map(({ senderCode }) => senderCode)}::text[]
    ) as w (station_id, code) using (station_id, code)
    order by s.station_id, s.code
    for update of s`);
  return new Map(
    rows.map(({ stationId, senderCode, epoch, began, lastSeq, lastAt }) => [
      keyOf({ stationId, senderCode }),
      {
        stationId,
        senderCode,
        state: {
          epoch,
          epochBeganAtMs: began.getTime(),
          lastSeq: Number(lastSeq),
          lastMeasuredAtMs: lastAt.getTime(),
        },
      },
    ]),
  );
}

async function storeStates(transaction: Queryable, senders: readonly StoredSender[]): Promise<void> {
  await transaction.query(sql`
    insert into message_sender (station_id, code, epoch, epoch_began_at, last_seq, last_measured_at)
    select * from unnest(
      ${senders.map(({ stationId }) => stationId)}::int[], ${senders.map(({ senderCode }) => senderCode)}::text[],
      ${senders.map(({ state }) => state.epoch)}::int[],
      ${senders.map(({ state }) => new Date(state.epochBeganAtMs).toISOString())}::timestamptz[],
      ${senders.map(({ state }) => state.lastSeq)}::bigint[],
      ${senders.map(({ state }) => new Date(state.lastMeasuredAtMs).toISOString())}::timestamptz[])
    order by 1, 2
    on conflict (station_id, code) do update set epoch = excluded.epoch, epoch_began_at = excluded.epoch_began_at,
      last_seq = excluded.last_seq, last_measured_at = excluded.last_measured_at`);
}

async function storeNumbers(
  transaction: Queryable,
  noted: readonly (NumberedMessage & { epoch: number })[],
): Promise<void> {
  await transaction.query(sql`
    insert into message_sequence as m (station_id, sender_code, epoch, day, received)
    select station_id, sender_code, epoch, day, range_agg(int8range(seq, seq, '[]'))
    from unnest(
      ${noted.map(({ stationId }) => stationId)}::int[], ${noted.map(({ senderCode }) => senderCode)}::text[],
      ${noted.map(({ epoch }) => epoch)}::int[], ${noted.map(({ day }) => day)}::date[],
      ${noted.map(({ seq }) => seq)}::bigint[]
    ) as u (station_id, sender_code, epoch, day, seq)
    group by station_id, sender_code, epoch, day
    order by station_id, sender_code, epoch, day
    on conflict (station_id, sender_code, epoch, day) do update set received = m.received + excluded.received
    where not m.received @> excluded.received`);
}
