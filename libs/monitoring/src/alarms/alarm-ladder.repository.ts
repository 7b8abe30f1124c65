import type { AlarmChange, AlarmKindName, AlarmLevelName, StoredTrack, Track } from '#domain';
import { sql, type Queryable } from '#persistence';
import { toAlarmKind } from './alarm-facts.repository.ts';

const LEVELS: readonly AlarmLevelName[] = ['data', 'info', 'minor', 'major', 'critical'];
const levelOf = (text: string): AlarmLevelName => LEVELS.find((level) => level === text) ?? 'info';

export interface Evaluation {
  runNo: number;
  ranAt: Date;
  graceUntil: Date | null;
  ingestSeenAt: Date | null;
}

/** Advisory lock of the evaluation: of several workers one does it. */
const LOCK_KEY = 7_009_001;
/** Evidence is kept no denser than this, ms. */
const SAMPLE_STEP_MS = 300_000;

/** @returns false where another worker is at it. */
export async function lockEvaluation(transaction: Queryable): Promise<boolean> {
  const [row] = await transaction.query<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(${LOCK_KEY}::bigint) as held`,
  );
  return row?.held === true;
}

export async function readEvaluation(transaction: Queryable): Promise<Evaluation | null> {
  const [row] = await transaction.query<Evaluation>(sql`
    select run_no::float8 as "runNo", ran_at as "ranAt", grace_until as "graceUntil",
      ingest_seen_at as "ingestSeenAt"
    from alarm_evaluation`);
  return row ?? null;
}

export async function writeEvaluation(transaction: Queryable, given: Evaluation): Promise<void> {
  await transaction.query(sql`
    insert into alarm_evaluation (run_no, ran_at, grace_until, ingest_seen_at)
    values (${given.runNo}::bigint, ${given.ranAt}::timestamptz, ${given.graceUntil}::timestamptz,
      ${given.ingestSeenAt}::timestamptz)
    on conflict (only_one) do update set run_no = excluded.run_no, ran_at = excluded.ran_at,
      grace_until = excluded.grace_until, ingest_seen_at = excluded.ingest_seen_at`);
}

interface OpenAlarmRow {
  id: number;
  kind: string;
  subject: string;
  level: string;
  openedAt: Date;
  recoveredAt: Date | null;
  escalatedAt: Date | null;
  acknowledgedAt: Date | null;
  snoozedUntil: Date | null;
}

export async function openAlarms(transaction: Queryable): Promise<OpenAlarmRow[]> {
  return transaction.query<OpenAlarmRow>(sql`
    select id::float8, kind, subject, level, opened_at as "openedAt", recovered_at as "recoveredAt",
      escalated_at as "escalatedAt", acknowledged_at as "acknowledgedAt", snoozed_until as "snoozedUntil"
    from alarm
    where state <> 'closed'
    order by id
    for update`);
}

/** Everything that goes on: open alarms and open incidents, put together by kind and subject. */
export async function storedTracks(transaction: Queryable): Promise<StoredTrack[]> {
  const alarms = await openAlarms(transaction);
  const incidents = await transaction.query<{
    kind: string;
    subject: string;
    beganAt: Date;
    lastSeenAt: Date;
    isRaised: boolean;
    seen: number | null;
  }>(sql`
    select kind, subject, began_at as "beganAt", last_seen_at as "lastSeenAt", alarm_id is not null as "isRaised", seen
    from alarm_incident
    where ended_at is null`);
  const tracks = new Map<string, StoredTrack>();
  for (const row of alarms) {
    const kind = toAlarmKind(row.kind);
    if (kind === null) continue;
    const alarm: StoredTrack['alarm'] = {
      openedAtMs: row.openedAt.getTime(),
      level: levelOf(row.level),
      recoveredAtMs: row.recoveredAt?.getTime() ?? null,
      escalatedAtMs: row.escalatedAt?.getTime() ?? null,
      isAcknowledged: row.acknowledgedAt !== null,
      snoozedUntilMs: row.snoozedUntil?.getTime() ?? null,
    };
    tracks.set(`${row.kind}|${row.subject}`, { kind, subject: row.subject, incident: null, alarm });
  }
  for (const row of incidents) {
    const kind = toAlarmKind(row.kind);
    if (kind === null) continue;
    const key = `${row.kind}|${row.subject}`;
    const known = tracks.get(key);
    tracks.set(key, {
      kind,
      subject: row.subject,
      alarm: known?.alarm ?? null,
      incident: {
        beganAtMs: row.beganAt.getTime(),
        lastBadAtMs: row.lastSeenAt.getTime(),
        goodSinceMs: null,
        isRaised: row.isRaised,
        level: known?.alarm?.level ?? 'info',
        seen: row.seen ?? 0,
      },
    });
  }
  return [...tracks.values()];
}

export interface Place {
  countyCode: string | null;
  stationId: number | null;
}

/** Writes what a step changed, in its order. */
export async function writeChange(
  transaction: Queryable,
  given: {
    change: AlarmChange;
    track: Track | undefined;
    place: Place;
    devices: readonly string[];
    limit: number;
    fenPerPostMonth: bigint;
    now: Date;
  },
): Promise<void> {
  const { change, track, place, now } = given;
  const where = sql`kind = ${change.kind} and subject = ${change.subject}`;
  const began = new Date(change.beganAtMs);
  switch (change.type) {
    case 'incident_ended':
      await transaction.query(sql`
        update alarm_incident set ended_at = ${now}::timestamptz where ${where} and ended_at is null`);
      return;
    case 'incident_began':
      await transaction.query(sql`
        insert into alarm_incident (kind, subject, station_id, began_at, last_seen_at, seen, limit_value)
        values (${change.kind}, ${change.subject}, ${place.stationId}::int, ${began}::timestamptz,
          ${began}::timestamptz, ${track?.incident?.seen ?? null}::float8, ${given.limit}::float8)`);
      return;
    case 'alarm_opened':
      await transaction.query(sql`
        with opened as (
          insert into alarm (kind, subject, county_code, station_id, device_codes, level, opened_at, began_at,
            last_seen_at, seen, limit_value, fen_per_post_month)
          values (${change.kind}, ${change.subject}, ${place.countyCode}, ${place.stationId}::int,
            ${given.devices}::text[], ${change.level}, ${now}::timestamptz, ${began}::timestamptz,
            ${now}::timestamptz, ${track?.incident?.seen ?? null}::float8, ${given.limit}::float8,
            ${given.fenPerPostMonth}::bigint)
          returning id
        ), linked as (
          update alarm_incident set alarm_id = (select id from opened) where ${where} and ended_at is null
        )
        insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'opened' from opened`);
      return;
    case 'alarm_joined':
      await transaction.query(sql`
        with joined as (
          update alarm set recovered_at = null, version = version + 1 where ${where} and state <> 'closed'
          returning id
        ), linked as (
          update alarm_incident set alarm_id = (select id from joined) where ${where} and ended_at is null
        )
        insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'joined' from joined`);
      return;
    case 'alarm_level':
      await transaction.query(sql`
        with changed as (
          update alarm set level = ${change.level}, version = version + 1 where ${where} and state <> 'closed'
          returning id
        )
        insert into alarm_event (alarm_id, at, kind, note)
        select id, ${now}::timestamptz, 'level', ${change.level} from changed`);
      return;
    case 'alarm_recovered':
      await transaction.query(sql`
        with changed as (
          update alarm set recovered_at = ${now}::timestamptz, version = version + 1
          where ${where} and state <> 'closed'
          returning id
        )
        insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'recovered' from changed`);
      return;
    case 'alarm_closed':
      await transaction.query(sql`
        with changed as (
          update alarm set state = 'closed', closed_at = ${now}::timestamptz, closed_by = 'program',
            closed_reason = 'recovered', version = version + 1
          where ${where} and state <> 'closed'
          returning id
        )
        insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'closed' from changed`);
      return;
    case 'alarm_escalated':
      await transaction.query(sql`
        with changed as (
          update alarm set escalated_at = ${now}::timestamptz, version = version + 1
          where ${where} and state <> 'closed'
          returning id
        )
        insert into alarm_event (alarm_id, at, kind) select id, ${now}::timestamptz, 'escalated' from changed`);
  }
}

export interface SeenNow {
  kind: AlarmKindName;
  subject: string;
  seen: number;
  limit: number;
  lastBadAtMs: number;
  devices: readonly string[];
}

/** Renews what incidents and their alarms saw last, and keeps evidence, at most one value a five minutes. */
export async function writeSeen(transaction: Queryable, rows: readonly SeenNow[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  const at = new Date(Math.floor(now.getTime() / SAMPLE_STEP_MS) * SAMPLE_STEP_MS);
  const given = sql`
    unnest(${rows.map(({ kind }) => kind)}::text[], ${rows.map(({ subject }) => subject)}::text[],
      ${rows.map(({ seen }) => seen)}::float8[], ${rows.map(({ limit }) => limit)}::float8[],
      ${rows.map(({ lastBadAtMs }) => new Date(lastBadAtMs).toISOString())}::timestamptz[],
      ${rows.map(({ devices }) => JSON.stringify(devices))}::jsonb[])
      as u (kind, subject, seen, limit_value, at, devices)`;
  await transaction.query(sql`
    update alarm_incident i set last_seen_at = greatest(i.last_seen_at, u.at), seen = u.seen
    from ${given}
    where i.kind = u.kind and i.subject = u.subject and i.ended_at is null`);
  await transaction.query(sql`
    with seen as (
      update alarm a set last_seen_at = greatest(a.last_seen_at, u.at), seen = u.seen, limit_value = u.limit_value,
        device_codes = array(select distinct code from (
          select unnest(a.device_codes) as code
          union select jsonb_array_elements_text(u.devices)) codes order by code)
      from ${given}
      where a.kind = u.kind and a.subject = u.subject and a.state <> 'closed'
      returning a.id, u.seen, u.limit_value
    )
    insert into alarm_sample (alarm_id, at, seen, limit_value)
    select id, ${at}::timestamptz, seen, limit_value from seen
    on conflict do nothing`);
}
