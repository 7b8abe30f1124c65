import { sql, type Queryable } from '#persistence';
import { insertAgriProjects, insertDevices, insertGateways } from '../registry.writer.ts';
import {
  compareWithStored,
  knownStations,
  splitDuplicates,
  UNKNOWN_STATION,
  unknownCodes,
  type Checked,
  type CheckOptions,
} from './checked.ts';
import { agriProjectSheet, deviceSheet, type AgriProjectRow, type DeviceRow } from './sheets.ts';

/** Devices of a file. A gateway that a device names and that is not known comes into being with it. */
export async function checkDevices(options: CheckOptions<DeviceRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = deviceSheet;
  const keyOf = (row: DeviceRow) => `${row.stationCode}/${row.code}`;
  const { unique, problems: duplicates } = splitDuplicates({ sheet, lines, keyOf, column: 'code' });
  const unknown = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.stationCode,
    column: 'stationCode',
    known: await knownStations(transaction),
    problem: UNKNOWN_STATION,
  });
  const stored = await storedDevices(
    transaction,
    unique.map(({ row }) => row.stationCode),
  );
  const compared = compareWithStored({ sheet, lines: unique, keyOf, stored });
  const rows = compared.fresh.map(({ row }) => row);
  return {
    problems: [...duplicates, ...unknown, ...compared.problems],
    inserted: rows.length,
    updated: 0,
    unchanged: compared.unchanged,
    apply: async (target) => {
      await insertGateways(target, gatewaysOf(rows));
      await insertDevices(target, rows);
    },
  };
}

/** The file has no serial number of a gateway; its code stands in until somebody reads the plate. */
function gatewaysOf(rows: readonly DeviceRow[]) {
  const gateways = new Map<string, { stationCode: string; code: string; serial: string }>();
  for (const { stationCode, gatewayCode } of rows) {
    if (gatewayCode === null) continue;
    gateways.set(`${stationCode}/${gatewayCode}`, { stationCode, code: gatewayCode, serial: gatewayCode });
  }
  return [...gateways.values()];
}

/** 光伏+ projects of a file; a station has a name once. */
export async function checkAgriProjects(options: CheckOptions<AgriProjectRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = agriProjectSheet;
  const keyOf = (row: AgriProjectRow) => `${row.stationCode}/${row.name}`;
  const { unique, problems: duplicates } = splitDuplicates({ sheet, lines, keyOf, column: 'name' });
  const unknown = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.stationCode,
    column: 'stationCode',
    known: await knownStations(transaction),
    problem: UNKNOWN_STATION,
  });
  const stored = await storedAgriProjects(
    transaction,
    unique.map(({ row }) => row.stationCode),
  );
  const compared = compareWithStored({ sheet, lines: unique, keyOf, stored });
  const rows = compared.fresh.map(({ row }) => row);
  return {
    problems: [...duplicates, ...unknown, ...compared.problems],
    inserted: rows.length,
    updated: 0,
    unchanged: compared.unchanged,
    apply: (target) => insertAgriProjects(target, rows),
  };
}

async function storedDevices(
  transaction: Queryable,
  stations: readonly string[],
): Promise<Map<string, DeviceRow>> {
  const rows = await transaction.query<DeviceRow>(sql`
    select s.code as "stationCode", d.code, d.kind, d.serial, d.model, d.rated_power_w as "ratedPowerW",
      d.string_count as "stringCount", d.gateway_code as "gatewayCode"
    from device d
    join station s on s.id = d.station_id
    where s.code = any(${stations}::text[])
  `);
  return new Map(rows.map((row) => [`${row.stationCode}/${row.code}`, row]));
}

async function storedAgriProjects(
  transaction: Queryable,
  stations: readonly string[],
): Promise<Map<string, AgriProjectRow>> {
  const rows = await transaction.query<AgriProjectRow>(sql`
    select s.code as "stationCode", p.name, p.crop, p.land_mu::float8 as "landMu", p.started_on as "startedOn"
    from agri_project p
    join station s on s.id = p.station_id
    where s.code = any(${stations}::text[])
  `);
  return new Map(rows.map((row) => [`${row.stationCode}/${row.name}`, row]));
}
