import { sql, type Queryable } from '#persistence';
import type { QuarantinedMessage } from './quarantine.writer.ts';
import type { ReadingFate } from './reading-fate.ts';

/** A reading that came later than this after its measurement is "late" on the receipt: three rounds of five minutes. */
const LATE_AFTER_MS = 15 * 60_000;

interface Counts {
  stationId: number;
  day: string;
  accepted: number;
  duplicate: number;
  late: number;
}

/** Adds what became of readings and messages to the receipts of their station-days. */
export async function addToReceipts(
  transaction: Queryable,
  fates: readonly ReadingFate[],
  quarantined: readonly QuarantinedMessage[],
): Promise<void> {
  if (fates.length > 0) await addCounts(transaction, countsOf(fates));
  const rejected = quarantined.flatMap(({ reason, tally }) => tally.map((place) => ({ ...place, reason })));
  if (rejected.length > 0) await addRejections(transaction, rejected);
}

function countsOf(fates: readonly ReadingFate[]): Counts[] {
  const byDay = new Map<string, Counts>();
  for (const { received, day, fate } of fates) {
    const { stationId } = received.device;
    const key = `${stationId}/${day}`;
    const counts = byDay.get(key) ?? { stationId, day, accepted: 0, duplicate: 0, late: 0 };
    byDay.set(key, counts);
    if (fate === 'duplicate') counts.duplicate += 1;
    if (fate !== 'accepted') continue;
    counts.accepted += 1;
    if (received.receivedAtMs - received.reading.measuredAtMs > LATE_AFTER_MS) counts.late += 1;
  }
  return [...byDay.values()];
}

async function addCounts(transaction: Queryable, counts: readonly Counts[]): Promise<void> {
  await transaction.query(sql`
    insert into ingest_count as t (station_id, day, accepted, duplicate, late)
    select * from unnest(
      ${counts.map(({ stationId }) => stationId)}::int[], ${counts.map(({ day }) => day)}::date[],
      ${counts.map(({ accepted }) => accepted)}::bigint[], ${counts.map(({ duplicate }) => duplicate)}::bigint[],
      ${counts.map(({ late }) => late)}::bigint[])
    order by 1, 2
    on conflict (station_id, day) do update set accepted = t.accepted + excluded.accepted,
      duplicate = t.duplicate + excluded.duplicate, late = t.late + excluded.late`);
}

async function addRejections(
  transaction: Queryable,
  rejected: readonly { stationId: number; day: string; reason: string }[],
): Promise<void> {
  await transaction.query(sql`
    insert into ingest_rejection as t (station_id, day, reason, times)
    select station_id, day, reason, count(*)
    from unnest(
      ${rejected.map(({ stationId }) => stationId)}::int[], ${rejected.map(({ day }) => day)}::date[],
      ${rejected.map(({ reason }) => reason)}::text[]
    ) as u (station_id, day, reason)
    group by station_id, day, reason
    order by station_id, day, reason
    on conflict (station_id, day, reason) do update set times = t.times + excluded.times`);
}
