import type { EnergyMethod, EnergyQuality } from '#contracts';
import { sql, type Queryable } from '#persistence';

/** Energy of a day as the worker left it; of a day that is not whole it is only what was seen. */
export interface DaySource {
  day: string;
  energyWh: bigint;
  quality: EnergyQuality;
  method: EnergyMethod | null;
}

/** Days of a station that were calculated. */
export async function daySourcesOfStation(
  database: Queryable,
  stationCode: string,
  range: { from: string; to: string },
): Promise<DaySource[]> {
  return database.query<DaySource>(sql`
    select d.day, d.energy_wh as "energyWh", d.quality, d.method
    from station_day d
    join station s on s.id = d.station_id
    where s.code = ${stationCode} and d.day >= ${range.from}::date and d.day < ${range.to}::date
    order by d.day`);
}

interface StoredSignature {
  /** Reason of the finding, and behind a colon its component. */
  finding: string;
  reasonCode: string;
  note: string;
  signedBy: string;
  signedAt: Date;
}

/** Signatures of a station-month, also those of figures that have changed since; the latest first. */
export async function signaturesOfStation(
  database: Queryable,
  at: { station: string; month: string },
): Promise<StoredSignature[]> {
  return database.query<StoredSignature>(sql`
    select r.finding, r.reason_code as "reasonCode", r.note, r.signed_by as "signedBy", r.signed_at as "signedAt"
    from statement_reason r
    join station s on s.id = r.station_id
    where s.code = ${at.station} and r.month = ${at.month}
    order by r.signed_at desc, r.id desc`);
}
