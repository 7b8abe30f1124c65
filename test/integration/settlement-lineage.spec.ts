import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sql } from '#persistence';
import { ReverseLineageService } from '#settlement';
import { createTestDatabase } from '#test-support';
import { meterOf } from './small-fleet.ts';
import { settledWorld, yuan } from './settled-world.ts';

const { database } = await createTestDatabase();
const world = await settledWorld(database, { startAt: '2025-07-18T10:00:00+08:00', months: ['2025-07'] });
const { county, fleet, lineage } = world;
const reverse = new ReverseLineageService(database);
const [first] = fleet.neighbours;
const meter = meterOf(first);
const at = '2025-06-10T12:00:00+08:00';
await fleet.write([
  fleet.reading({ station: first.code, device: meter.code }, at, {
    energyTotalWh: 5_000_123,
    activePowerW: 1200,
  }),
]);

/** Three stations of a county with amounts that do not divide, in two months, received in odd lumps, in two runs. */
const stations = fleet.neighbours.map((station) => ({
  code: station.code,
  accountNo: station.gridAccounts[0]?.accountNo ?? '',
}));
const months = ['2025-05', '2025-06'];
const stated = (station: number, month: number) =>
  1_000_003n + 7_919n * BigInt(station) + 104_729n * BigInt(month);
const rows = months.flatMap((month, m) =>
  stations.map(({ accountNo }, s) => `${accountNo},${month},32100,${yuan(stated(s, m))},,`),
);
await world.importRows('papers.csv', ...rows);
for (const { code } of stations) for (const month of months) await world.signAll(code, month);
await world.match(await world.bankLine('B1', '2025-07-01', 1_234_567n), 'base');
const runs = [await world.approvedRun()];
await world.match(await world.bankLine('B2', '2025-07-02', 2_345_679n), 'base');
runs.push(await world.approvedRun());

interface ShareRow {
  stationCode: string;
  villageCode: string;
  numerator: bigint;
  denominator: bigint;
}
const shares = await database.query<ShareRow>(sql`
  select s.code as "stationCode", r.village_code as "villageCode", r.numerator, r.denominator
  from revenue_share r
  join station s on s.id = r.station_id
  where r.effective_from <= '2025-05-01'::date and r.effective_to is null
  order by r.village_code`);

/** Largest remainder by hand, from the shares of the registry alone. */
function partOf(poolFen: bigint, stationCode: string, villageCode: string): bigint {
  const own = shares.filter((share) => share.stationCode === stationCode);
  const floors = own.map(({ villageCode: code, numerator, denominator }) => ({
    code,
    fen: (poolFen * numerator) / denominator,
    rest: (((poolFen * numerator) % denominator) * 10n ** 30n) / denominator,
  }));
  const spare = poolFen - floors.reduce((sum, { fen }) => sum + fen, 0n);
  const row = floors.toSorted((a, b) =>
    a.rest === b.rest ? (a.code < b.code ? -1 : 1) : a.rest > b.rest ? -1 : 1,
  );
  const place = row.findIndex(({ code }) => code === villageCode);
  return (row[place]?.fen ?? 0n) + (BigInt(place) < spare ? 1n : 0n);
}

describe('the amount of a village', () => {
  const amounts = runs.flatMap(({ id, villages }) =>
    villages.map(({ villageCode, amountFen }) => ({ id, villageCode, amountFen })),
  );

  it('whichever it is, comes out again to the fen from the receipts and the shares that it is opened to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...amounts), async ({ id, villageCode, amountFen }) => {
        const opened = await lineage.village(id, villageCode);
        let sumFen = 0n;
        for (const { stationCode, sources, amountFen: partFen } of opened.pools) {
          const poolFen = sources.reduce((sum, source) => sum + BigInt(source.amountFen), 0n);
          expect(String(partOf(poolFen, stationCode, villageCode))).toBe(partFen);
          sumFen += BigInt(partFen);
          for (const { statedFen, rowNumber, fileName } of sources) {
            expect(fileName).toBe('papers.csv');
            expect(rows[rowNumber - 2]).toContain(yuan(BigInt(statedFen)));
          }
        }
        expect(String(sumFen)).toBe(amountFen);
        expect(opened.isReproduced).toBe(true);
      }),
      { numRuns: Math.min(40, amounts.length * 2) },
    );
  });
});

describe('a reading', () => {
  it('is followed to the day, the papers, the runs and the villages that it touches', async () => {
    const touched = await reverse.reading(first.code, meter.code, new Date(at));
    expect(touched).toMatchObject({
      day: '2025-06-10',
      month: '2025-06',
      reading: { device: meter.code, energyTotalWh: '5000123' },
      statements: [{ component: 'base', amountFen: String(stated(0, 1)) }],
    });
    const given = await database.query<{ fen: bigint; villages: number }>(sql`
      select sum(l.amount_fen)::bigint as fen, count(distinct l.village_code)::int as villages
      from allocation_line l
      join station s on s.id = l.station_id
      where s.code = ${first.code} and l.month = '2025-06'`);
    expect(touched.amountFen).toBe(String(given[0]?.fen ?? 0n));
    expect(touched.villageCount).toBe(given[0]?.villages);
    expect(touched.runs.every(({ isWeighed }) => !isWeighed)).toBe(true);
  });

  it('that never came touches nothing that is known, and a day of a station without papers nothing at all', async () => {
    await expect(
      reverse.reading(first.code, meter.code, new Date('2025-06-10T12:00:01+08:00')),
    ).rejects.toMatchObject({ code: 'lineage.unknown_reading' });
    expect(await reverse.day(fleet.stranger.code, '2025-06-10')).toMatchObject({
      runs: [],
      statements: [],
      villageCount: 0,
      amountFen: '0',
      energyWh: null,
    });
    expect(county).toBe(await reverse.countyOf(first.code));
  });
});
