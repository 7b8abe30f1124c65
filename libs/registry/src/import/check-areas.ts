import { sql, type Queryable } from '#persistence';
import { insertStations, insertVillages } from '../registry.writer.ts';
import {
  compareWithStored,
  knownTownships,
  splitDuplicates,
  UNKNOWN_TOWNSHIP,
  unknownCodes,
  type Checked,
  type CheckOptions,
} from './checked.ts';
import { stationSheet, villageSheet, type StationRow, type VillageRow } from './sheets.ts';

/** Villages of a file against each other, the townships, and the villages that are stored. */
export async function checkVillages(options: CheckOptions<VillageRow>): Promise<Checked> {
  const { transaction, lines, simulated } = options;
  const sheet = villageSheet;
  const keyOf = (row: VillageRow) => row.code;
  const { unique, problems: duplicates } = splitDuplicates({ sheet, lines, keyOf, column: 'code' });
  const unknown = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.townshipCode,
    column: 'townshipCode',
    known: await knownTownships(transaction),
    problem: UNKNOWN_TOWNSHIP,
  });
  const stored = await storedVillages(
    transaction,
    unique.map(({ row }) => row.code),
  );
  const compared = compareWithStored({ sheet, lines: unique, keyOf, stored });
  const rows = compared.fresh.map(({ row }) => row);
  return {
    problems: [...duplicates, ...unknown, ...compared.problems],
    inserted: rows.length,
    updated: 0,
    unchanged: compared.unchanged,
    apply: (target) => insertVillages(target, rows, simulated),
  };
}

/** Stations of a file against each other, the townships, and the stations that are stored. */
export async function checkStations(options: CheckOptions<StationRow>): Promise<Checked> {
  const { transaction, lines, simulated } = options;
  const sheet = stationSheet;
  const keyOf = (row: StationRow) => row.code;
  const { unique, problems: duplicates } = splitDuplicates({ sheet, lines, keyOf, column: 'code' });
  const unknown = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.townshipCode,
    column: 'townshipCode',
    known: await knownTownships(transaction),
    problem: UNKNOWN_TOWNSHIP,
  });
  const stored = await storedStations(
    transaction,
    unique.map(({ row }) => row.code),
  );
  const compared = compareWithStored({ sheet, lines: unique, keyOf, stored });
  const rows = compared.fresh.map(({ row }) => row);
  return {
    problems: [...duplicates, ...unknown, ...compared.problems],
    inserted: rows.length,
    updated: 0,
    unchanged: compared.unchanged,
    apply: (target) => insertStations(target, rows, simulated),
  };
}

async function storedVillages(
  transaction: Queryable,
  codes: readonly string[],
): Promise<Map<string, VillageRow>> {
  const rows = await transaction.query<VillageRow>(sql`
    select code, township_code as "townshipCode", name, households, posts
    from village
    where code = any(${codes}::text[])
  `);
  return new Map(rows.map((row) => [row.code, row]));
}

async function storedStations(
  transaction: Queryable,
  codes: readonly string[],
): Promise<Map<string, StationRow>> {
  const rows = await transaction.query<
    Omit<StationRow, 'capacityW' | 'ratedAcW'> & { capacityW: bigint; ratedAcW: bigint }
  >(sql`
    select code, name, kind, township_code as "townshipCode", longitude, latitude, capacity_w as "capacityW",
      rated_ac_w as "ratedAcW", tilt_deg as "tiltDeg", azimuth_deg as "azimuthDeg",
      commissioned_on as "commissionedOn", subsidy_class as "subsidyClass"
    from station
    where code = any(${codes}::text[])
  `);
  return new Map(
    rows.map((row) => [
      row.code,
      { ...row, capacityW: Number(row.capacityW), ratedAcW: Number(row.ratedAcW) },
    ]),
  );
}
