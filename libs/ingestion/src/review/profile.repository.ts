import type { SourceMapping } from '#contracts';
import { sql, type Database, type Queryable } from '#persistence';

export interface StoredProfile {
  id: string;
  /** Null: the built-in profile of this id, as it is. */
  content: unknown;
  enabled: boolean;
  changedAt: Date;
  changedBy: string;
}

export interface ProfileChange {
  id: string;
  changedAtMs: number;
  changedBy: string;
}

/** Profiles that are switched on or changed here, and which device a vendor's name means. */
export class ProfileRepository {
  constructor(private readonly database: Database) {}

  async stored(): Promise<StoredProfile[]> {
    return this.database.query<StoredProfile>(sql`
      select id, content, enabled, changed_at as "changedAt", changed_by as "changedBy"
      from vendor_profile
      order by id`);
  }

  async one(id: string): Promise<StoredProfile | null> {
    const [row] = await this.database.query<StoredProfile>(sql`
      select id, content, enabled, changed_at as "changedAt", changed_by as "changedBy"
      from vendor_profile
      where id = ${id}`);
    return row ?? null;
  }

  /** Devices mapped, by profile. */
  async mappedCounts(): Promise<Map<string, number>> {
    const rows = await this.database.query<{ id: string; devices: number }>(sql`
      select profile_id as id, count(distinct device_id)::int as devices
      from device_source
      group by profile_id`);
    return new Map(rows.map(({ id, devices }) => [id, devices]));
  }

  /** Keeps a content (null for the built-in one); whether it is enabled stays as it was, a new one is not. */
  async saveContent(change: ProfileChange, content: Record<string, unknown> | null): Promise<void> {
    const json = content === null ? null : JSON.stringify(content);
    await this.database.query(sql`
      insert into vendor_profile (id, content, enabled, changed_at, changed_by)
      values (${change.id}, ${json}::jsonb, false, ${new Date(change.changedAtMs)}, ${change.changedBy})
      on conflict (id) do update set
        content = excluded.content, changed_at = excluded.changed_at, changed_by = excluded.changed_by`);
  }

  async saveEnabled(change: ProfileChange, enabled: boolean): Promise<void> {
    await this.database.query(sql`
      insert into vendor_profile (id, content, enabled, changed_at, changed_by)
      values (${change.id}, null, ${enabled}, ${new Date(change.changedAtMs)}, ${change.changedBy})
      on conflict (id) do update set
        enabled = excluded.enabled, changed_at = excluded.changed_at, changed_by = excluded.changed_by`);
  }

  async sources(profileId: string): Promise<SourceMapping[]> {
    return this.database.query<SourceMapping>(sql`
      select ds.source_id as "sourceId", s.code as station, d.code as device
      from device_source ds
      join device d on d.id = ds.device_id
      join station s on s.id = d.station_id
      where ds.profile_id = ${profileId}
      order by ds.source_id`);
  }

  /**
   * Replaces the whole mapping of a profile, or changes nothing.
   * @returns places in the list whose device is not in the registry; empty where it was done
   */
  async replaceSources(change: ProfileChange, sources: readonly SourceMapping[]): Promise<number[]> {
    return this.database.transaction(async (transaction) => {
      const devices = await deviceIds(transaction, sources);
      const unknown = sources.flatMap((_, place) => (devices.has(place) ? [] : [place]));
      if (unknown.length > 0) return unknown;
      // The row of the profile is the lock: two savings of one mapping come one after the other.
      await transaction.query(sql`
        insert into vendor_profile (id, content, enabled, changed_at, changed_by)
        values (${change.id}, null, false, ${new Date(change.changedAtMs)}, ${change.changedBy})
        on conflict (id) do update set changed_at = excluded.changed_at, changed_by = excluded.changed_by`);
      await transaction.query(sql`delete from device_source where profile_id = ${change.id}`);
      if (sources.length === 0) return [];
      await transaction.query(sql`
        insert into device_source (profile_id, source_id, device_id)
        select ${change.id}, u.source_id, u.device_id
        from unnest(
          ${sources.map(({ sourceId }) => sourceId)}::text[],
          ${sources.map((_, place) => devices.get(place) ?? null)}::int[]
        ) as u (source_id, device_id)`);
      return [];
    });
  }

  /** Which of these are devices of the registry, as `station/device`. */
  async knownDevices(devices: readonly { station: string; device: string }[]): Promise<Set<string>> {
    const rows = await this.database.query<{ name: string }>(sql`
      select distinct s.code || '/' || d.code as name
      from unnest(
        ${devices.map(({ station }) => station)}::text[],
        ${devices.map(({ device }) => device)}::text[]
      ) as u (station, device)
      join station s on s.code = u.station
      join device d on d.station_id = s.id and d.code = u.device`);
    return new Set(rows.map(({ name }) => name));
  }
}

/** Device ids by the place in the list. */
async function deviceIds(
  transaction: Queryable,
  sources: readonly SourceMapping[],
): Promise<Map<number, number>> {
  const rows = await transaction.query<{ place: bigint; id: number }>(sql`
    select u.place, d.id
    from unnest(
      ${sources.map(({ station }) => station)}::text[],
      ${sources.map(({ device }) => device)}::text[]
    ) with ordinality as u (station, device, place)
    join station s on s.code = u.station
    join device d on d.station_id = s.id and d.code = u.device`);
  return new Map(rows.map(({ place, id }) => [Number(place) - 1, id]));
}
