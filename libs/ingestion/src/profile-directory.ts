import { sql, type Queryable } from '#persistence';
import { builtinProfile } from './profiles/builtin/index.ts';
import { profileSchema, type Profile } from './profiles/profile.ts';

/** A vendor's name for a device of the registry. */
export interface MappedSource {
  profileId: string;
  sourceId: string;
  stationCode: string;
  deviceCode: string;
}

/** Profiles that are switched on besides the native one, by id. Contents that this version cannot read are left out. */
export async function enabledProfiles(database: Queryable): Promise<Profile[]> {
  const rows = await database.query<{ id: string; content: unknown }>(
    sql`select id, content from vendor_profile where enabled order by id`,
  );
  return rows.flatMap(({ id, content }) => {
    if (content === null) return builtinProfile(id) ?? [];
    const parsed = profileSchema.safeParse(content);
    return parsed.success ? parsed.data : [];
  });
}

/** Every vendor's name that somebody mapped to a device. */
export async function mappedSources(database: Queryable): Promise<MappedSource[]> {
  return database.query<MappedSource>(sql`
    select m.profile_id as "profileId", m.source_id as "sourceId", s.code as "stationCode", d.code as "deviceCode"
    from device_source m
    join device d on d.id = m.device_id
    join station s on s.id = d.station_id
    order by m.profile_id, m.source_id`);
}
