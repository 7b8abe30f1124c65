import { describe, expect, it } from 'vitest';
import { areasSchema, stationDetailSchema } from '#contracts';
import { sql } from '#persistence';
import { testDatabase } from '#test-support';
import { RegistryRepository } from './registry.repository.ts';
import { writeAreas } from './registry.writer.ts';
import { generateRegistry } from './seed/generate.ts';
import { readAreas } from './seed/region.ts';
import { writeSnapshot } from './snapshot.writer.ts';

const DAY = '2026-06-01';
const snapshot = generateRegistry(1);
const database = await testDatabase();
const empty = await testDatabase();
const imported = await testDatabase();
const first = await writeSnapshot(database, snapshot, { simulated: true, seed: 1 });
const registry = new RegistryRepository(database);

const rowCounts = () =>
  database.query<{ table: string; rows: number }>(sql`
    select 'village' as table, count(*)::int as rows from village
    union all select 'station', count(*)::int from station
    union all select 'device', count(*)::int from device
    union all select 'gateway', count(*)::int from gateway
    union all select 'grid_account', count(*)::int from grid_account
    union all select 'asset_share', count(*)::int from asset_share
    union all select 'revenue_share', count(*)::int from revenue_share
    union all select 'tariff', count(*)::int from tariff
    union all select 'agri_project', count(*)::int from agri_project
    union all select 'catalogue_project', count(*)::int from catalogue_project
    union all select 'opening_settlement', count(*)::int from opening_settlement
  `);

describe('writeSnapshot', () => {
  it('writes every row of the snapshot', async () => {
    const { stations, villages } = snapshot;
    const count = (pick: (station: (typeof stations)[number]) => readonly unknown[]) =>
      stations.reduce((total, station) => total + pick(station).length, 0);
    expect(first).toEqual({ written: true });
    expect(Object.fromEntries((await rowCounts()).map(({ table, rows }) => [table, rows]))).toEqual({
      village: villages.length,
      station: stations.length,
      device: count(({ devices }) => devices),
      gateway: count(({ gateways }) => gateways),
      grid_account: count(({ gridAccounts }) => gridAccounts),
      asset_share: count(({ assetShares }) => assetShares),
      revenue_share: count(({ revenueShares }) => revenueShares),
      tariff: count(({ tariffs }) => tariffs),
      agri_project: 12,
      catalogue_project: count(({ catalogueProjects }) => catalogueProjects),
      opening_settlement: 468,
    });
  });

  it('changes nothing when run again', async () => {
    const before = await rowCounts();
    expect(await writeSnapshot(database, snapshot, { simulated: true, seed: 1 })).toEqual({ written: false });
    expect(await rowCounts()).toEqual(before);
  });

  it('refuses another seed, and another registry of the same seed', async () => {
    const before = await rowCounts();
    const other = generateRegistry(2);
    await expect(writeSnapshot(database, other, { simulated: true, seed: 2 })).rejects.toMatchObject({
      code: 'registry.seed_differs',
      message: expect.stringContaining('seed 1, not of 2'),
    });
    await expect(writeSnapshot(database, other, { simulated: true, seed: 1 })).rejects.toMatchObject({
      code: 'registry.snapshot_differs',
    });
    expect(await rowCounts()).toEqual(before);
  });

  it('does not mix an invented fleet with imported stations', async () => {
    await writeAreas(imported, readAreas());
    await imported.query(sql`
      insert into station (code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
        azimuth_deg, commissioned_on, subsidy_class, simulated)
      values ('141124-001', '示例电站', 'single', '141124100', 110.99, 37.95, 300000, 260000, 33, 180, '2018-12-28',
        'national', false)
    `);
    await expect(writeSnapshot(imported, snapshot, { simulated: true, seed: 1 })).rejects.toMatchObject({
      code: 'registry.holds_real_stations',
    });
  });

  it('writes once when two programs start at the same time', async () => {
    const runs = await Promise.all([
      writeSnapshot(empty, snapshot, { simulated: true, seed: 1 }),
      writeSnapshot(empty, snapshot, { simulated: true, seed: 1 }),
    ]);
    expect(runs.filter(({ written }) => written)).toHaveLength(1);
  });
});

describe('RegistryRepository', () => {
  it('lists all 13 counties and 154 townships as the contract has them', async () => {
    const areas = areasSchema.parse(await registry.listAreas());
    expect(areas.counties).toHaveLength(13);
    expect(areas.counties.flatMap(({ townships }) => townships)).toHaveLength(154);
    expect(areas.counties.find(({ code }) => code === '141124')).toMatchObject({
      name: '临县',
      stations: 165,
    });
  });

  it('gives the headline totals of the city and of a county', async () => {
    expect(await registry.totals()).toEqual({
      stations: 468,
      villages: 1469,
      households: 218_000,
      posts: 82_000,
      capacityW: 394_000_000,
      simulated: true,
      settled: {
        amountFen: 78_600_000_000n,
        asOfDay: '2020-12-31',
        definition: expect.stringContaining('口径待运营方确认'),
      },
    });
    expect(await registry.totals('141127')).toMatchObject({
      stations: 12,
      villages: 112,
      households: 20_940,
      posts: 5811,
      capacityW: 18_000_000,
    });
    expect(await registry.totals('149999')).toMatchObject({ stations: 0, villages: 0, settled: null });
  });

  it('lists every station with its villages, price and devices of the day', async () => {
    const directory = await registry.stationDirectory(DAY);
    expect(directory.map(({ code }) => code)).toEqual(snapshot.stations.map(({ code }) => code).sort());
    for (const station of directory) {
      const source = snapshot.stations.find(({ code }) => code === station.code);
      expect(station.devices.map(({ code }) => code)).toEqual(source?.devices.map(({ code }) => code));
      expect(station.villages).toBe(source?.assetShares.length);
      expect(station.priceHaoPerKwh).toBe(
        source?.tariffs.reduce((sum, { priceHaoPerKwh }) => sum + priceHaoPerKwh, 0),
      );
      expect(station).toMatchObject({
        name: source?.name,
        townshipCode: source?.townshipCode,
        countyCode: source?.townshipCode.slice(0, 6),
        capacityW: source?.capacityW,
        ratedAcW: source?.ratedAcW,
        longitude: source?.longitude,
        commissionedOn: source?.commissionedOn,
        simulated: true,
      });
    }
  });

  it('knows no price before the first tariff', async () => {
    const directory = await registry.stationDirectory('2017-01-01');
    expect(directory.every(({ priceHaoPerKwh, villages }) => priceHaoPerKwh === null && villages === 0)).toBe(
      true,
    );
  });

  it('gives the facts of a station in the shape of the contract', async () => {
    const parts = stationDetailSchema.pick({ place: true, facts: true, villages: true, simulated: true });
    for (const source of snapshot.stations.filter(({ agriProjects }) => agriProjects.length > 0)) {
      const facts = await registry.stationFacts(source.code, DAY);
      expect(parts.parse(facts)).toMatchObject({
        place: { longitude: source.longitude, latitude: source.latitude, coordinateSystem: 'WGS-84' },
        facts: {
          commissionedOn: source.commissionedOn,
          gridAccounts: [{ accountNo: source.gridAccounts[0]?.accountNo, meterCode: 'M01' }],
          agriProjects: source.agriProjects,
          tariff: source.tariffs,
        },
      });
      expect(facts?.villages.map(({ code }) => code)).toEqual(
        source.assetShares.map((s) => s.villageCode).sort(),
      );
      expect(facts?.equipment.map(({ code }) => code)).toEqual([
        ...source.gateways.map(({ code }) => code),
        ...source.devices.map(({ code }) => code),
      ]);
    }
  });

  it('shows the revenue share of the day where its basis changed', async () => {
    const changed = snapshot.stations.find(({ revenueShares }) =>
      revenueShares.some((s) => s.effectiveTo !== null),
    );
    const basisOn = async (day: string) =>
      new Set((await registry.stationFacts(changed?.code ?? '', day))?.villages.map((v) => v.revenueBasis));
    expect(await basisOn('2021-12-31')).toEqual(new Set(['capacity']));
    expect(await basisOn('2022-01-01')).toEqual(new Set(['households']));
  });

  it('knows nothing of an unknown station', async () => {
    expect(await registry.stationFacts('141124-999', DAY)).toBeNull();
  });

  it('tells ingest of every device', async () => {
    const directory = await registry.deviceDirectory();
    expect(directory).toHaveLength(snapshot.stations.flatMap(({ devices }) => devices).length);
    const station = snapshot.stations[0];
    expect(directory[0]).toMatchObject({
      stationCode: station?.code,
      deviceCode: 'INV01',
      kind: 'inverter',
      ratedPowerW: station?.devices[0]?.ratedPowerW,
      commissionedOn: station?.commissionedOn,
    });
  });
});
