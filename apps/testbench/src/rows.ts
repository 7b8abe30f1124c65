import type { TestbenchRow, TestbenchSummary } from '#contracts';
import { energyValueFen, pricesOn, MoneyError } from '#domain';
import type { TestbenchWorld } from '#testbench';
import type { StoredDay } from './stored.ts';

/** Stations without a tariff are valued at the coal benchmark of Shanxi (domain.md 2.1), hao a kWh. */
const BENCHMARK_HAO_PER_KWH = 3320n;

type Prices = TestbenchWorld['stations'][number]['prices'];

/** Price of a kWh on a day, all components together, hao. */
export function priceHaoOn(prices: Prices, day: string): bigint {
  try {
    const inForce = pricesOn(
      prices.map((price) => ({ ...price, priceHaoPerKwh: BigInt(price.priceHaoPerKwh) })),
      day,
    );
    return inForce.reduce((sum, { priceHaoPerKwh }) => sum + priceHaoPerKwh, 0n);
  } catch (error) {
    if (error instanceof MoneyError) return BENCHMARK_HAO_PER_KWH;
    throw error;
  }
}

/** One station and day: what is true and what was stored, Wh. Unknown is null and has no difference. */
export function rowOf(facts: {
  station: string;
  day: string;
  truthWh: number | null;
  stored: StoredDay | undefined;
  priceHaoPerKwh: bigint;
}): TestbenchRow {
  const { station, day, truthWh, stored, priceHaoPerKwh } = facts;
  const storedWh = stored?.energyWh ?? null;
  const fen = (energyWh: number | null) =>
    energyWh === null ? null : energyValueFen({ energyWh: BigInt(energyWh), priceHaoPerKwh });
  const truthFen = fen(truthWh);
  const storedFen = fen(storedWh);
  return {
    station,
    day,
    truthWh,
    storedWh,
    settledWh: null,
    differenceWh: truthWh === null || storedWh === null ? null : storedWh - truthWh,
    truthFen: truthFen?.toString() ?? null,
    storedFen: storedFen?.toString() ?? null,
    // Of the two amounts as they are shown, so that a table and its differences agree.
    differenceFen: truthFen === null || storedFen === null ? null : String(storedFen - truthFen),
    method: stored?.method ?? null,
    quality: stored?.quality ?? null,
    verdict: verdictOf(truthWh, storedWh),
  };
}

function verdictOf(truthWh: number | null, storedWh: number | null): TestbenchRow['verdict'] {
  if (truthWh === null) return 'truth_unknown';
  if (storedWh === null) return 'nothing_stored';
  if (storedWh === truthWh) return 'same';
  return storedWh < truthWh ? 'less' : 'more';
}

/** Sums of a run. A difference is one of the station-days of which both sides are known. */
export function summaryOf(
  rows: readonly TestbenchRow[],
  facts: { messages: number; pass: boolean | null },
): TestbenchSummary {
  const both = rows.filter(({ differenceWh }) => differenceWh !== null);
  const sum = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  return {
    truthWh: sum(rows.map(({ truthWh }) => truthWh)),
    storedWh: sum(rows.map(({ storedWh }) => storedWh)),
    differenceWh: sum(both.map(({ differenceWh }) => differenceWh)),
    differenceFen:
      both.length === 0
        ? null
        : both.reduce((total, { differenceFen }) => total + BigInt(differenceFen ?? '0'), 0n).toString(),
    stationDays: rows.length,
    differing: rows.filter(({ verdict }) => verdict !== 'same' && verdict !== 'truth_unknown').length,
    ...facts,
  };
}
