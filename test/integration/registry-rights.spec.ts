import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { enterRegistryRows, mergeVillage, stationRights } from '#registry';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

const { database } = await createTestDatabase();
const { neighbours } = await writeSmallFleet(database);
const [station] = neighbours;
const villages = await database.query<{ code: string }>(sql`select v.code from village v order by v.code`);
const [a = '', b = '', c = ''] = villages.map(({ code }) => code);

const share = (village: string, part: string, effectiveFrom: string) => ({
  stationCode: station.code,
  villageCode: village,
  right: 'revenue',
  share: part,
  basis: 'fixed',
  effectiveFrom,
});
const enter = (rows: Record<string, string>[], dryRun = false) =>
  enterRegistryRows(database, { kind: 'shares', rows, dryRun });

describe('shares of a station', () => {
  it('are exact fractions that sum to one in every version', async () => {
    const rights = await stationRights(database, station.code);
    for (const { shares } of [...(rights?.asset ?? []), ...(rights?.revenue ?? [])]) {
      const common = shares.reduce((product, { denominator }) => product * BigInt(denominator), 1n);
      const sum = shares.reduce(
        (total, { numerator, denominator }) => total + (BigInt(numerator) * common) / BigInt(denominator),
        0n,
      );
      expect(sum).toBe(common);
    }
    expect(rights?.tariffs.map(({ component }) => component)).toContain('base');
  });

  it('entered by hand are checked as a file is, and end the open version', async () => {
    const bad = await enter([share(a, '1/3', '2026-01-01'), share(b, '1/3', '2026-01-01')]);
    expect(bad).toMatchObject({ applied: false, problems: [{ code: 'import.shares_not_one' }] });
    const rows = [a, b, c].map((village) => share(village, '1/3', '2026-01-01'));
    expect(await enter(rows, true)).toMatchObject({ applied: false, inserted: 3, problems: [] });
    expect(await enter(rows)).toMatchObject({ applied: true, inserted: 3 });
    expect(await enter(rows)).toMatchObject({ applied: true, inserted: 0, unchanged: 3 });
    const rights = await stationRights(database, station.code);
    expect(rights?.revenue[0]).toMatchObject({
      effectiveFrom: '2026-01-01',
      effectiveTo: null,
      basis: 'fixed',
    });
    expect(rights?.revenue[1]).toMatchObject({ effectiveTo: '2026-01-01' });
    // What holds from a day already is not written over.
    expect(await enter([share(a, '1', '2026-01-01')])).toMatchObject({
      applied: false,
      problems: [{ code: 'import.differs_from_database' }],
    });
  });

  it('that are not the whole are refused by the database on every date, whoever writes', async () => {
    await expect(
      database.query(sql`
        update revenue_share
        set numerator = numerator + 0, effective_to = '2027-01-01'::date
        where village_code = ${a} and effective_from = '2026-01-01'::date`),
    ).rejects.toMatchObject({ constraint: 'revenue_share_whole' });
    await expect(
      database.query(sql`
        insert into asset_share (station_id, village_code, numerator, denominator, effective_from)
        select s.id, ${c}, 1, 7, '2031-01-01'::date from station s where s.code = ${station.code}`),
    ).rejects.toMatchObject({ constraint: 'asset_share_whole' });
    await expect(
      database.query(
        sql`delete from revenue_share where village_code = ${a} and effective_from = '2026-01-01'::date`,
      ),
    ).rejects.toMatchObject({ constraint: 'revenue_share_whole' });
    // All of a station may end on a day: it is gone, and nobody is paid by half.
    await database.transaction(
      async (transaction) => {
        await transaction.query(sql`
          update revenue_share r
          set effective_to = '2040-01-01'::date
          from station s
          where s.id = r.station_id and s.code = ${station.code} and r.effective_to is null`);
      },
      { rollback: true },
    );
  });
});

describe('a price', () => {
  it('holds from a day on, component by component', async () => {
    const row = {
      stationCode: station.code,
      component: 'mechanism_difference',
      priceHaoPerKwh: '0.0123',
      effectiveFrom: '2025-06-01',
    };
    expect(await enterRegistryRows(database, { kind: 'tariffs', rows: [row] })).toMatchObject({
      applied: true,
      inserted: 1,
    });
    const rights = await stationRights(database, station.code);
    expect(rights?.tariffs).toContainEqual({
      component: 'mechanism_difference',
      priceHaoPerKwh: 123,
      effectiveFrom: '2025-06-01',
      effectiveTo: null,
    });
  });
});

describe('a village that is merged', () => {
  const merger = { villageCode: a, successorCode: b, mergedOn: '2026-03-01' };

  it('has a successor from a day on, once', async () => {
    await expect(mergeVillage(database, { ...merger, successorCode: a })).rejects.toMatchObject({
      code: 'registry.bad_merger',
    });
    await expect(mergeVillage(database, { ...merger, successorCode: 'nowhere' })).rejects.toMatchObject({
      code: 'registry.unknown_place',
    });
    await Promise.all([mergeVillage(database, merger), mergeVillage(database, merger)]);
    await expect(mergeVillage(database, { ...merger, mergedOn: '2026-04-01' })).rejects.toMatchObject({
      code: 'registry.merged_before',
    });
    const rights = await stationRights(database, station.code);
    expect(rights?.revenue[0]?.shares).toContainEqual(
      expect.objectContaining({ villageCode: a, successorCode: b, mergedOn: '2026-03-01' }),
    );
  });

  it('is nobody to be merged into afterwards, and nobody stands in for himself in a circle', async () => {
    await expect(
      mergeVillage(database, { villageCode: c, successorCode: a, mergedOn: '2026-05-01' }),
    ).rejects.toMatchObject({ code: 'registry.bad_merger' });
    await expect(
      mergeVillage(database, { villageCode: b, successorCode: a, mergedOn: '2026-02-01' }),
    ).rejects.toMatchObject({ code: 'registry.bad_merger' });
  });
});
