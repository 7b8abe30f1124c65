import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sql, type Database, type Queryable } from '#persistence';
import { RegistryError } from './registry-error.ts';
import {
  insertAgriProjects,
  insertAssetShares,
  insertCatalogueProjects,
  insertDevices,
  insertGateways,
  insertGridAccounts,
  insertOpeningSettlements,
  insertRevenueShares,
  insertStations,
  insertTariffs,
  insertVillages,
  lockRegistry,
  writeAreas,
  type OfStation,
} from './registry.writer.ts';
import type { RegistrySnapshot, StationRecord } from './snapshot.ts';

export interface WriteSnapshotOptions {
  /** True marks villages and stations as 模拟数据. */
  simulated: boolean;
  /** Seed that the snapshot was made from; recorded in `installation`. */
  seed: number;
}

const recordedSchema = z.object({ seed: z.number(), fingerprint: z.string() });

/**
 * Writes a whole snapshot in one transaction and records its seed. A second run with the same snapshot changes
 * nothing, and says so by `written: false`.
 * @throws RegistryError `registry.seed_differs` where the database was filled from another seed,
 *   `registry.snapshot_differs` where the same seed gave another registry in an earlier version of the generator,
 *   `registry.holds_real_stations` where an invented registry would stand among real stations.
 */
export async function writeSnapshot(
  database: Database,
  snapshot: RegistrySnapshot,
  options: WriteSnapshotOptions,
): Promise<{ written: boolean }> {
  const fingerprint = fingerprintOf(snapshot);
  return database.transaction(async (transaction) => {
    // Two programs may start at once on an empty database; the second waits and then finds the work done.
    await lockRegistry(transaction);
    if (await isRecorded(transaction, { seed: options.seed, fingerprint })) return { written: false };
    if (options.simulated) await refuseAmongReal(transaction);
    await writeAreas(transaction, snapshot);
    await insertVillages(transaction, snapshot.villages, options.simulated);
    await insertStations(transaction, snapshot.stations, options.simulated);
    await insertEquipment(transaction, snapshot.stations);
    await insertRights(transaction, snapshot.stations);
    await transaction.query(sql`
      insert into installation (key, value)
      values ('registry', jsonb_build_object('seed', ${options.seed}::bigint, 'fingerprint', ${fingerprint}::text))
    `);
    return { written: true };
  });
}

function fingerprintOf(snapshot: RegistrySnapshot): string {
  const text = JSON.stringify(snapshot, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

async function isRecorded(
  queryable: Queryable,
  wanted: { seed: number; fingerprint: string },
): Promise<boolean> {
  const [row] = await queryable.query<{ value: unknown }>(
    sql`select value from installation where key = 'registry'`,
  );
  if (row === undefined) return false;
  const recorded = recordedSchema.parse(row.value);
  const remedy = 'use another database or data folder, or the seed of this one';
  if (recorded.seed !== wanted.seed) {
    throw new RegistryError(
      'registry.seed_differs',
      `the database holds the registry of seed ${recorded.seed}, not of ${wanted.seed}: ${remedy}`,
    );
  }
  if (recorded.fingerprint !== wanted.fingerprint) {
    throw new RegistryError(
      'registry.snapshot_differs',
      `the database holds another registry of seed ${wanted.seed}, made by another version of the program: ` +
        'use another database or data folder',
    );
  }
  return true;
}

async function refuseAmongReal(queryable: Queryable): Promise<void> {
  const real = await queryable.query<{ code: string }>(
    sql`select code from station where not simulated limit 1`,
  );
  if (real.length === 0) return;
  throw new RegistryError(
    'registry.holds_real_stations',
    'the database holds stations that were imported; invented ones are not mixed with them',
  );
}

async function insertEquipment(queryable: Queryable, stations: readonly StationRecord[]): Promise<void> {
  await insertGateways(
    queryable,
    ofStations(stations, ({ gateways }) => gateways),
  );
  await insertDevices(
    queryable,
    ofStations(stations, ({ devices }) => devices),
  );
  await insertGridAccounts(
    queryable,
    ofStations(stations, ({ gridAccounts }) => gridAccounts),
  );
  await insertCatalogueProjects(
    queryable,
    ofStations(stations, ({ catalogueProjects }) => catalogueProjects),
  );
}

async function insertRights(queryable: Queryable, stations: readonly StationRecord[]): Promise<void> {
  await insertAssetShares(
    queryable,
    ofStations(stations, ({ assetShares }) => assetShares),
  );
  await insertRevenueShares(
    queryable,
    ofStations(stations, ({ revenueShares }) => revenueShares),
  );
  await insertTariffs(
    queryable,
    ofStations(stations, ({ tariffs }) => tariffs),
  );
  await insertAgriProjects(
    queryable,
    ofStations(stations, ({ agriProjects }) => agriProjects),
  );
  const openings = ofStations(stations, ({ openingSettlement }) =>
    openingSettlement === null ? [] : [openingSettlement],
  );
  await insertOpeningSettlements(queryable, openings);
}

const ofStations = <T>(
  stations: readonly StationRecord[],
  pick: (station: StationRecord) => readonly T[],
): OfStation<T>[] =>
  stations.flatMap((station) => pick(station).map((row) => ({ ...row, stationCode: station.code })));
