import { sql, type Queryable } from '#persistence';
import { insertStations, insertVillages } from '../registry.writer.ts';
import { checkThings, TOWNSHIP, type Checked, type CheckOptions } from './checked.ts';
import { stationSheet, villageSheet, type StationRow, type VillageRow } from './sheets.ts';

const AREA = {
  keyOf: ({ code }: { code: string }) => code,
  keyColumn: 'code',
  column: 'townshipCode',
} as const;

/** Villages of a file against each other, the townships, and the villages that are stored. */
export function checkVillages(options: CheckOptions<VillageRow>): Promise<Checked> {
  return checkThings(options, {
    ...AREA,
    sheet: villageSheet,
    reference: TOWNSHIP,
    stored: storedVillages,
    insert: insertVillages,
  });
}

/** Stations of a file against each other, the townships, and the stations that are stored. */
export function checkStations(options: CheckOptions<StationRow>): Promise<Checked> {
  return checkThings(options, {
    ...AREA,
    sheet: stationSheet,
    reference: TOWNSHIP,
    stored: storedStations,
    insert: insertStations,
  });
}

const codesOf = (rows: readonly { code: string }[]) => rows.map(({ code }) => code);

async function storedVillages(transaction: Queryable, rows: readonly VillageRow[]): Promise<VillageRow[]> {
  return transaction.query<VillageRow>(sql`
    select code, township_code as "townshipCode", name, households, posts
    from village
    where code = any(${codesOf(rows)}::text[])
  `);
}

async function storedStations(transaction: Queryable, rows: readonly StationRow[]): Promise<StationRow[]> {
  const stored = await transaction.query<
    Omit<StationRow, 'capacityW' | 'ratedAcW'> & { capacityW: bigint; ratedAcW: bigint }
  >(sql`
    select code, name, kind, township_code as "townshipCode", longitude, latitude, capacity_w as "capacityW",
      rated_ac_w as "ratedAcW", tilt_deg as "tiltDeg", azimuth_deg as "azimuthDeg",
      commissioned_on as "commissionedOn", subsidy_class as "subsidyClass"
    from station
    where code = any(${codesOf(rows)}::text[])
  `);
  return stored.map((row) => ({
    ...row,
    capacityW: Number(row.capacityW),
    ratedAcW: Number(row.ratedAcW),
  }));
}
