import { DAY_MS, dayStartMs, type CounterProposal } from '#domain';
import { sql, type Queryable } from '#persistence';
import { findingKey } from './counter-context.ts';
import type { ReviewedCounter, ReviewedEvent } from './counter-reader.ts';

/** What the counter of a device did on one day, and what a person should look at. */
export interface DeviceFindings {
  deviceId: number;
  events: readonly ReviewedEvent[];
  proposals: readonly Finding[];
}

type Finding = Pick<CounterProposal, 'kind' | 'atMs' | 'isWaiting' | 'choices'> & {
  fromWh: number | null;
  toWh: number | null;
};

/**
 * Findings of a day: each belongs to the day of its instant. An undecided event for which there is nothing to choose
 * is to be looked at as well, or its day would stay incomplete with nobody knowing why.
 */
export function findingsOfDay(deviceId: number, counter: ReviewedCounter, day: string): DeviceFindings {
  const startMs = dayStartMs(day);
  const isToday = ({ atMs }: { atMs: number }) => atMs >= startMs && atMs < startMs + DAY_MS;
  const keyOf = ({ kind, atMs }: { kind: string; atMs: number }) => findingKey(kind, atMs);
  const events = new Map(counter.events.filter(isToday).map((event) => [keyOf(event), event]));
  const proposals = new Map<string, Finding>(
    counter.proposals.filter(isToday).map((proposal) => [keyOf(proposal), proposal]),
  );
  let isRunKnown = false;
  for (const [key, event] of events) {
    if (event.decided || proposals.has(key)) continue;
    const isFrame = event.kind === 'zero_frame';
    // Frames that are held are one thing, and may still be followed by a reading that decides them.
    if (!isFrame || !isRunKnown) proposals.set(key, { ...event, isWaiting: isFrame, choices: [] });
    isRunKnown ||= isFrame;
  }
  return { deviceId, events: [...events.values()], proposals: [...proposals.values()] };
}

/** Replaces the findings of the devices on a day. What persons decided about an item stays. */
export async function storeFindings(
  transaction: Queryable,
  question: { day: string; findings: readonly DeviceFindings[]; seenAt: Date },
): Promise<void> {
  const { day, findings, seenAt } = question;
  const deviceIds = findings.map(({ deviceId }) => deviceId);
  await storeEvents(
    transaction,
    { day, deviceIds },
    findings.flatMap(({ deviceId, events }) => events.map((event) => ({ ...event, deviceId }))),
  );
  const proposals = findings.flatMap(({ deviceId, proposals }) =>
    proposals.map((proposal) => ({ ...proposal, deviceId })),
  );
  await storeProposals(transaction, { day, deviceIds, seenAt }, proposals);
}

type OfDevice<T> = T & { deviceId: number };

/** Columns of findings for `unnest`. */
function keysOf(rows: readonly { deviceId: number; kind: string; atMs: number }[]) {
  return {
    deviceIds: rows.map(({ deviceId }) => deviceId),
    kinds: rows.map(({ kind }) => kind),
    ats: rows.map(({ atMs }) => new Date(atMs).toISOString()),
  };
}

async function storeEvents(
  transaction: Queryable,
  { day, deviceIds }: { day: string; deviceIds: readonly number[] },
  rows: readonly OfDevice<ReviewedEvent>[],
) {
  const keys = keysOf(rows);
  await transaction.query(sql`
    delete from counter_event e
    where e.device_id = any (${deviceIds}::int[]) and e.day = ${day}::date
      and not exists (
        select 1 from unnest(${keys.deviceIds}::int[], ${keys.kinds}::text[], ${keys.ats}::timestamptz[])
          as k (device_id, kind, at)
        where k.device_id = e.device_id and k.kind = e.kind and k.at = e.at)`);
  if (rows.length === 0) return;
  await transaction.query(sql`
    insert into counter_event (device_id, kind, at, day, from_wh, to_wh, energy_wh, decided)
    select device_id, kind, at, ${day}::date, from_wh, to_wh, energy_wh, decided
    from unnest(${keys.deviceIds}::int[], ${keys.kinds}::text[], ${keys.ats}::timestamptz[],
      ${rows.map(({ fromWh }) => fromWh)}::bigint[], ${rows.map(({ toWh }) => toWh)}::bigint[],
      ${rows.map(({ energyWh }) => energyWh)}::bigint[], ${rows.map(({ decided }) => decided)}::boolean[])
      as u (device_id, kind, at, from_wh, to_wh, energy_wh, decided)
    order by 1, 2, 3
    on conflict (device_id, kind, at) do update set from_wh = excluded.from_wh, to_wh = excluded.to_wh,
      energy_wh = excluded.energy_wh, decided = excluded.decided`);
}

async function storeProposals(
  transaction: Queryable,
  { day, deviceIds, seenAt }: { day: string; deviceIds: readonly number[]; seenAt: Date },
  rows: readonly OfDevice<Finding>[],
) {
  const keys = keysOf(rows);
  await transaction.query(sql`
    update counter_proposal p set state = 'gone'
    where p.device_id = any (${deviceIds}::int[]) and p.day = ${day}::date and p.state = 'open'
      and not exists (
        select 1 from unnest(${keys.deviceIds}::int[], ${keys.kinds}::text[], ${keys.ats}::timestamptz[])
          as k (device_id, kind, at)
        where k.device_id = p.device_id and k.kind = p.kind and k.at = p.at)`);
  if (rows.length === 0) return;
  await transaction.query(sql`
    insert into counter_proposal as p (device_id, kind, at, day, from_wh, to_wh, is_waiting, choices, first_seen_at)
    select device_id, kind, at, ${day}::date, from_wh, to_wh, is_waiting, choices, ${seenAt}::timestamptz
    from unnest(${keys.deviceIds}::int[], ${keys.kinds}::text[], ${keys.ats}::timestamptz[],
      ${rows.map(({ fromWh }) => fromWh)}::bigint[], ${rows.map(({ toWh }) => toWh)}::bigint[],
      ${rows.map(({ isWaiting }) => isWaiting)}::boolean[],
      ${rows.map(({ choices }) => JSON.stringify(choices))}::jsonb[])
      as u (device_id, kind, at, from_wh, to_wh, is_waiting, choices)
    order by 1, 2, 3
    on conflict (device_id, kind, at) do update set from_wh = excluded.from_wh, to_wh = excluded.to_wh,
      is_waiting = excluded.is_waiting, choices = excluded.choices, state = 'open'
    where p.state in ('open', 'gone')`);
}

/**
 * Marks earlier days of the devices that wait for readings to decide something: there are new ones. Such a mark does
 * not go on to further days.
 */
export async function markWaitingDays(
  transaction: Queryable,
  question: { stationIds: readonly number[]; before: string; from: string },
): Promise<void> {
  await transaction.query(sql`
    insert into dirty_station_day as d (station_id, day, marked_at, spreads)
    select distinct v.station_id, p.day, now(), false
    from counter_proposal p
    join device v on v.id = p.device_id
    where v.station_id = any (${question.stationIds}::int[]) and p.state = 'open' and p.is_waiting
      and p.day >= ${question.from}::date and p.day < ${question.before}::date
    order by 1, 2
    on conflict (station_id, day) do update set generation = nextval('dirty_generation')`);
}
