import { join, raw, sql, type Queryable, type Sql } from '#persistence';
import type {
  AgriProjectRecord,
  CatalogueProjectRecord,
  CountyRecord,
  DeviceRecord,
  GatewayRecord,
  GridAccountRecord,
  OpeningSettlementRecord,
  RevenueShareRecord,
  ShareRecord,
  StationRecord,
  TariffRecord,
  TownshipRecord,
  VillageRecord,
} from './snapshot.ts';

/*
 * Inserts of the registry's tables, many rows in one statement. A row whose key is taken is left as it stands, so
 * every insert may be repeated. Who must know beforehand whether a key is taken asks before.
 */

/** A row that belongs to a station, by the station's code. */
export type OfStation<T> = T & { stationCode: string };
/** An imported device may hang on no known gateway. */
export type InsertedDevice = Omit<DeviceRecord, 'gatewayCode'> & {
  gatewayCode: string | null;
  /** The register wraps at this value; absent or null where it is not known. */
  counterModulusWh?: number | null;
};
/** Components are an open list (domain.md 2.1). */
export type InsertedTariff = Omit<TariffRecord, 'component'> & { component: string };
export type StationFactsRecord = Pick<
  StationRecord,
  | 'code'
  | 'name'
  | 'kind'
  | 'townshipCode'
  | 'longitude'
  | 'latitude'
  | 'capacityW'
  | 'ratedAcW'
  | 'tiltDeg'
  | 'azimuthDeg'
  | 'commissionedOn'
  | 'subsidyClass'
>;

/** One writer of the registry at a time, until the end of the transaction: checks and inserts then see one state. */
export async function lockRegistry(transaction: Queryable): Promise<void> {
  await transaction.query(sql`select pg_advisory_xact_lock(hashtext('registry.write'))`);
}

type ColumnType = 'boolean' | 'int' | 'smallint' | 'bigint' | 'float8' | 'real' | 'numeric' | 'date' | 'text';
/** Fields of a row with their types in the database; the columns have the same names in snake case. */
type Columns<Row> = { readonly [Field in keyof Row & string]?: ColumnType };

const columnOf = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const columnsOf = <Row>(columns: Columns<Row>, prefix = ''): Sql =>
  raw(
    Object.keys(columns)
      .map((field) => `${prefix}${columnOf(field)}`)
      .join(', '),
  );

/** Rows as a relation with a `position`: an array a column, so that a statement is the same however many rows it has. */
function rowsAs<Row extends object>(alias: string, rows: readonly Row[], columns: Columns<Row>): Sql {
  const records = rows.map((row) => new Map<string, unknown>(Object.entries(row)));
  const arrays = Object.entries(columns).map(
    ([field, type]) => sql`${records.map((record) => record.get(field) ?? null)}::${raw(String(type))}[]`,
  );
  return sql`unnest(${join(arrays)}) with ordinality as ${raw(alias)} (${columnsOf(columns)}, position)`;
}

interface Insertion<Row, Given = Row> {
  table: string;
  rows: readonly Given[];
  columns: Columns<Row>;
}

/** Ids follow the order of the rows. */
async function insertRows<Row extends object>(
  queryable: Queryable,
  { table, rows, columns }: Insertion<Row>,
): Promise<void> {
  await queryable.query(sql`
    insert into ${raw(table)} (${columnsOf(columns)})
    select ${columnsOf(columns)}
    from ${rowsAs('r', rows, columns)}
    order by position
    on conflict do nothing
  `);
}

/** As `insertRows`, for rows that belong to a station; those of a station that is not there are left out. */
async function insertOfStations<Row extends object>(
  queryable: Queryable,
  { table, rows, columns }: Insertion<Row, OfStation<Row>>,
): Promise<void> {
  await queryable.query(sql`
    insert into ${raw(table)} (station_id, ${columnsOf(columns)})
    select s.id, ${columnsOf(columns, 'r.')}
    from ${rowsAs<OfStation<Row>>('r', rows, { ...columns, stationCode: 'text' })}
    join station s on s.code = r.station_code
    order by r.position
    on conflict do nothing
  `);
}

/** Counties and townships that are not there yet; also the ground that a registry import stands on. */
export async function writeAreas(
  queryable: Queryable,
  areas: { counties: readonly CountyRecord[]; townships: readonly TownshipRecord[] },
): Promise<void> {
  await insertRows(queryable, {
    table: 'county',
    rows: areas.counties,
    columns: { code: 'text', name: 'text', seatLongitude: 'float8', seatLatitude: 'float8' },
  });
  await insertRows(queryable, {
    table: 'township',
    rows: areas.townships,
    columns: { code: 'text', countyCode: 'text', name: 'text' },
  });
}

export async function insertVillages(
  queryable: Queryable,
  villages: readonly VillageRecord[],
  simulated: boolean,
): Promise<void> {
  await insertRows(queryable, {
    table: 'village',
    rows: villages.map((village) => ({ ...village, simulated })),
    columns: {
      code: 'text',
      townshipCode: 'text',
      name: 'text',
      households: 'int',
      posts: 'int',
      simulated: 'boolean',
    },
  });
}

export async function insertStations(
  queryable: Queryable,
  stations: readonly StationFactsRecord[],
  simulated: boolean,
): Promise<void> {
  await insertRows(queryable, {
    table: 'station',
    rows: stations.map((station) => ({ ...station, simulated })),
    columns: {
      code: 'text',
      name: 'text',
      kind: 'text',
      townshipCode: 'text',
      longitude: 'float8',
      latitude: 'float8',
      capacityW: 'bigint',
      ratedAcW: 'bigint',
      tiltDeg: 'real',
      azimuthDeg: 'real',
      commissionedOn: 'date',
      subsidyClass: 'text',
      simulated: 'boolean',
    },
  });
}

export async function insertGateways(
  queryable: Queryable,
  rows: readonly OfStation<GatewayRecord>[],
): Promise<void> {
  await insertOfStations<GatewayRecord>(queryable, {
    table: 'gateway',
    rows,
    columns: { code: 'text', serial: 'text' },
  });
}

/** Their gateways must be there. */
export async function insertDevices(
  queryable: Queryable,
  rows: readonly OfStation<InsertedDevice>[],
): Promise<void> {
  await insertOfStations<InsertedDevice>(queryable, {
    table: 'device',
    rows,
    columns: {
      code: 'text',
      kind: 'text',
      serial: 'text',
      model: 'text',
      ratedPowerW: 'int',
      stringCount: 'smallint',
      gatewayCode: 'text',
      counterModulusWh: 'bigint',
    },
  });
}

/** Their meters must be there. */
export async function insertGridAccounts(
  queryable: Queryable,
  rows: readonly OfStation<GridAccountRecord>[],
): Promise<void> {
  const accounts = rowsAs('a', rows, {
    accountNo: 'text',
    stationCode: 'text',
    meterCode: 'text',
    accountName: 'text',
  });
  await queryable.query(sql`
    insert into grid_account (account_no, station_id, meter_id, account_name)
    select a.account_no, s.id, d.id, a.account_name
    from ${accounts}
    join station s on s.code = a.station_code
    left join device d on d.station_id = s.id and d.code = a.meter_code and d.kind = 'meter'
    on conflict do nothing
  `);
}

export async function insertCatalogueProjects(
  queryable: Queryable,
  rows: readonly OfStation<CatalogueProjectRecord>[],
): Promise<void> {
  await insertOfStations<CatalogueProjectRecord>(queryable, {
    table: 'catalogue_project',
    rows,
    columns: { code: 'text', registeredW: 'bigint' },
  });
}

const PERIOD = { effectiveFrom: 'date', effectiveTo: 'date' } as const;
const SHARE = { villageCode: 'text', numerator: 'bigint', denominator: 'bigint', ...PERIOD } as const;

export async function insertAssetShares(
  queryable: Queryable,
  rows: readonly OfStation<ShareRecord>[],
): Promise<void> {
  await insertOfStations<ShareRecord>(queryable, { table: 'asset_share', rows, columns: SHARE });
}

export async function insertRevenueShares(
  queryable: Queryable,
  rows: readonly OfStation<RevenueShareRecord>[],
): Promise<void> {
  await insertOfStations<RevenueShareRecord>(queryable, {
    table: 'revenue_share',
    rows,
    columns: { ...SHARE, basis: 'text' },
  });
}

export async function insertTariffs(
  queryable: Queryable,
  rows: readonly OfStation<InsertedTariff>[],
): Promise<void> {
  await insertOfStations<InsertedTariff>(queryable, {
    table: 'tariff',
    rows,
    columns: { component: 'text', priceHaoPerKwh: 'int', ...PERIOD },
  });
}

export async function insertAgriProjects(
  queryable: Queryable,
  rows: readonly OfStation<AgriProjectRecord>[],
): Promise<void> {
  await insertOfStations<AgriProjectRecord>(queryable, {
    table: 'agri_project',
    rows,
    columns: { name: 'text', crop: 'text', landMu: 'numeric', startedOn: 'date' },
  });
}

export async function insertOpeningSettlements(
  queryable: Queryable,
  rows: readonly OfStation<OpeningSettlementRecord>[],
): Promise<void> {
  await insertOfStations<OpeningSettlementRecord>(queryable, {
    table: 'opening_settlement',
    rows,
    columns: { settledFen: 'bigint', asOfDay: 'date', definition: 'text' },
  });
}

/** The open version of a dated row, by its begin, and the day from which a later one holds. */
export interface EndedVersion {
  stationCode: string;
  startsOn: string;
  endsOn: string;
}
const ENDED = { stationCode: 'text', startsOn: 'date', endsOn: 'date' } as const;

/** Ends open versions of asset or revenue shares: all shares of a station at once. */
export async function endShares(
  queryable: Queryable,
  right: 'asset' | 'revenue',
  versions: readonly EndedVersion[],
): Promise<void> {
  await queryable.query(sql`
    update ${raw(`${right}_share`)} v
    set effective_to = e.ends_on
    from ${rowsAs('e', versions, ENDED)}
    join station s on s.code = e.station_code
    where v.station_id = s.id and v.effective_from = e.starts_on and v.effective_to is null
  `);
}

/** Ends open prices. */
export async function endTariffs(
  queryable: Queryable,
  versions: readonly (EndedVersion & { component: string })[],
): Promise<void> {
  await queryable.query(sql`
    update tariff v
    set effective_to = e.ends_on
    from ${rowsAs('e', versions, { ...ENDED, component: 'text' })}
    join station s on s.code = e.station_code
    where v.station_id = s.id and v.component = e.component and v.effective_from = e.starts_on
      and v.effective_to is null
  `);
}
