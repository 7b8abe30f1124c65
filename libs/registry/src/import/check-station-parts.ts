import { sql, type Queryable } from '#persistence';
import { insertAgriProjects, insertDevices, insertGateways } from '../registry.writer.ts';
import { checkThings, STATION, type Checked, type CheckOptions } from './checked.ts';
import { agriProjectSheet, deviceSheet, type AgriProjectRow, type DeviceRow } from './sheets.ts';

/** Devices of a file. A gateway that a device names and that is not known comes into being with it. */
export function checkDevices(options: CheckOptions<DeviceRow>): Promise<Checked> {
  return checkThings(options, {
    sheet: deviceSheet,
    keyOf: (row) => `${row.stationCode}/${row.code}`,
    keyColumn: 'code',
    column: 'stationCode',
    reference: STATION,
    stored: storedDevices,
    insert: async (target, rows) => {
      await insertGateways(target, gatewaysOf(rows));
      await insertDevices(target, rows);
    },
  });
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
export function checkAgriProjects(options: CheckOptions<AgriProjectRow>): Promise<Checked> {
  return checkThings(options, {
    sheet: agriProjectSheet,
    keyOf: (row) => `${row.stationCode}/${row.name}`,
    keyColumn: 'name',
    column: 'stationCode',
    reference: STATION,
    stored: storedAgriProjects,
    insert: insertAgriProjects,
  });
}

const stationsOf = (rows: readonly { stationCode: string }[]) => rows.map(({ stationCode }) => stationCode);

async function storedDevices(transaction: Queryable, rows: readonly DeviceRow[]): Promise<DeviceRow[]> {
  return transaction.query<DeviceRow>(sql`
    select s.code as "stationCode", d.code, d.kind, d.serial, d.model, d.rated_power_w as "ratedPowerW",
      d.string_count as "stringCount", d.gateway_code as "gatewayCode",
      d.counter_modulus_wh::float8 as "counterModulusWh"
    from device d
    join station s on s.id = d.station_id
    where s.code = any(${stationsOf(rows)}::text[])
  `);
}

async function storedAgriProjects(
  transaction: Queryable,
  rows: readonly AgriProjectRow[],
): Promise<AgriProjectRow[]> {
  return transaction.query<AgriProjectRow>(sql`
    select s.code as "stationCode", p.name, p.crop, p.land_mu::float8 as "landMu", p.started_on as "startedOn"
    from agri_project p
    join station s on s.id = p.station_id
    where s.code = any(${stationsOf(rows)}::text[])
  `);
}
