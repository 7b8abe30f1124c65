import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RegistrySnapshot, ShareRecord, StationRecord } from '../snapshot.ts';
import { generateRegistry } from './generate.ts';
import { contains } from './polygon.ts';
import { readRegion } from './region.ts';

const SEEDS = [1, 7, 4_294_967_295];
const snapshots = new Map(SEEDS.map((seed) => [seed, generateRegistry(seed)]));
const snapshotOf = (seed: number) => snapshots.get(seed) ?? generateRegistry(seed);
const region = readRegion();

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const hashOf = (snapshot: RegistrySnapshot) =>
  createHash('sha256')
    .update(
      JSON.stringify(snapshot, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    )
    .digest('hex');
const dates = (shares: readonly ShareRecord[]) => [
  ...new Set(shares.map(({ effectiveFrom }) => effectiveFrom)),
];
const onDay = <T extends ShareRecord>(shares: readonly T[], day: string) =>
  shares.filter(
    (share) => share.effectiveFrom <= day && (share.effectiveTo === null || day < share.effectiveTo),
  );
/** Numerators over one common denominator. */
const isWhole = (shares: readonly ShareRecord[]) =>
  new Set(shares.map(({ denominator }) => denominator)).size === 1 &&
  shares.reduce((total, { numerator }) => total + numerator, 0n) === shares[0]?.denominator;

describe.each(SEEDS)('the registry of seed %i', (seed) => {
  const snapshot = snapshotOf(seed);
  const inverters = (station: StationRecord) => station.devices.filter(({ kind }) => kind === 'inverter');

  it('sums to the published source', () => {
    expect(snapshot.stations).toHaveLength(468);
    expect(snapshot.villages).toHaveLength(1469);
    expect(sum(snapshot.villages.map(({ households }) => households))).toBe(218_000);
    expect(sum(snapshot.villages.map(({ posts }) => posts))).toBe(82_000);
    expect(sum(snapshot.stations.map(({ capacityW }) => capacityW))).toBe(394_000_000);
    const settledFen = snapshot.stations.reduce(
      (total, { openingSettlement }) => total + (openingSettlement?.settledFen ?? 0n),
      0n,
    );
    expect(settledFen).toBe(78_600_000_000n);
  });

  it('has the numbers of every county', () => {
    const found = region.map(({ county }) => {
      const stations = snapshot.stations.filter(({ townshipCode }) => townshipCode.startsWith(county.code));
      const villages = snapshot.villages.filter(({ townshipCode }) => townshipCode.startsWith(county.code));
      return {
        code: county.code,
        stations: stations.length,
        villages: villages.length,
        households: sum(villages.map(({ households }) => households)),
        capacityKw: sum(stations.map(({ capacityW }) => capacityW)) / 1000,
        posts: sum(villages.map(({ posts }) => posts)),
      };
    });
    expect(found).toEqual(
      region.map(({ county, stations, villages, households, capacityKw, posts }) => ({
        code: county.code,
        stations,
        villages,
        households,
        capacityKw,
        posts,
      })),
    );
  });

  it('gives every village a share, and the shares of a station are one on every date', () => {
    for (const { assetShares, revenueShares, commissionedOn } of snapshot.stations) {
      for (const shares of [assetShares, revenueShares]) {
        expect(dates(shares)[0]).toBe(commissionedOn);
        expect(dates(shares).every((day) => isWhole(onDay(shares, day)))).toBe(true);
        expect(isWhole(onDay(shares, '2099-01-01'))).toBe(true);
        expect(shares.every(({ numerator }) => numerator > 0n)).toBe(true);
      }
    }
    const served = new Set(
      snapshot.stations.flatMap(({ assetShares }) => assetShares.map((s) => s.villageCode)),
    );
    expect(snapshot.villages.filter(({ code }) => !served.has(code))).toEqual([]);
  });

  it('keeps single stations small and gives joint ones two villages or more', () => {
    for (const { kind, capacityW, assetShares } of snapshot.stations) {
      if (kind === 'single') expect(assetShares).toHaveLength(1);
      else expect(assetShares.length).toBeGreaterThanOrEqual(2);
      expect(capacityW).toBeGreaterThanOrEqual(60_000);
      expect(capacityW).toBeLessThanOrEqual(kind === 'single' ? 500_000 : 10_000_000);
    }
  });

  it('puts every station inside its county', () => {
    const borders = new Map(region.map(({ county, border }) => [county.code, border]));
    const outside = snapshot.stations.filter(
      ({ townshipCode, longitude, latitude }) =>
        !contains(borders.get(townshipCode.slice(0, 6)) ?? [], [longitude, latitude]),
    );
    expect(outside).toEqual([]);
  });

  it('repeats no code, and no village name within a township', () => {
    const { stations, villages, townships } = snapshot;
    const repeated = (keys: readonly string[]) => keys.length - new Set(keys).size;
    expect(repeated(stations.map(({ code }) => code))).toBe(0);
    expect(repeated(villages.map(({ code }) => code))).toBe(0);
    expect(repeated(villages.map(({ townshipCode, name }) => townshipCode + name))).toBe(0);
    expect(repeated(stations.flatMap(({ gridAccounts }) => gridAccounts.map((a) => a.accountNo)))).toBe(0);
    expect(repeated(stations.flatMap(({ catalogueProjects }) => catalogueProjects.map((p) => p.code)))).toBe(
      0,
    );
    expect(repeated(stations.flatMap(({ devices }) => devices.map(({ serial }) => serial)))).toBe(0);
    const known = new Set(townships.map(({ code }) => code));
    expect(villages.every(({ townshipCode }) => known.has(townshipCode))).toBe(true);
  });

  it('equips stations with some 6,600 inverters that fit their size, and one meter each', () => {
    const counts = snapshot.stations.map((station) => inverters(station).length);
    expect(sum(counts)).toBeGreaterThan(6400);
    expect(sum(counts)).toBeLessThan(6800);
    for (const station of snapshot.stations) {
      const ratedAcW = sum(inverters(station).map(({ ratedPowerW }) => ratedPowerW));
      expect(station.ratedAcW).toBe(ratedAcW);
      expect(station.capacityW / ratedAcW).toBeGreaterThan(1);
      expect(station.capacityW / ratedAcW).toBeLessThanOrEqual(1.3);
      expect(station.devices.filter(({ kind }) => kind === 'meter').map(({ code }) => code)).toEqual(['M01']);
      const gateways = station.capacityW > 2_000_000 ? ['GW01', 'GW02'] : ['GW01'];
      expect(station.gateways.map(({ code }) => code)).toEqual(gateways);
      expect([...new Set(inverters(station).map(({ gatewayCode }) => gatewayCode))]).toEqual(gateways);
    }
    const acW = sum(snapshot.stations.map(({ ratedAcW }) => ratedAcW));
    expect(394_000_000 / acW).toBeGreaterThan(1.1);
    expect(394_000_000 / acW).toBeLessThan(1.2);
  });

  it('pays 0.85 yuan for most and 0.98 for a few of the oldest, from the day of commissioning', () => {
    const prices = snapshot.stations.map(({ tariffs }) =>
      sum(tariffs.map((tariff) => tariff.priceHaoPerKwh)),
    );
    expect(new Set(prices)).toEqual(new Set([8500, 9800]));
    expect(prices.filter((price) => price === 9800).length).toBeLessThan(60);
    for (const { commissionedOn, tariffs } of snapshot.stations) {
      expect(commissionedOn >= '2017-06-30' && commissionedOn <= '2019-12-31').toBe(true);
      expect(tariffs.every(({ effectiveFrom }) => effectiveFrom === commissionedOn)).toBe(true);
    }
  });

  it('registers the whole capacity in the catalogue and has a dozen agri projects', () => {
    for (const { capacityW, catalogueProjects } of snapshot.stations) {
      expect(sum(catalogueProjects.map(({ registeredW }) => registeredW))).toBe(capacityW);
    }
    expect(snapshot.stations.flatMap(({ agriProjects }) => agriProjects)).toHaveLength(12);
  });
});

describe('generateRegistry', () => {
  it('gives the same bytes for the same seed and others for another', () => {
    expect(hashOf(generateRegistry(1))).toBe(hashOf(snapshotOf(1)));
    expect(hashOf(snapshotOf(7))).not.toBe(hashOf(snapshotOf(1)));
  });

  it('states what the opening settlement means and when it was true', () => {
    const openings = snapshotOf(1).stations.map(({ openingSettlement }) => openingSettlement);
    expect(openings.every((opening) => opening?.asOfDay === '2020-12-31')).toBe(true);
    expect(openings[0]?.definition).toContain('待运营方确认');
  });
});
