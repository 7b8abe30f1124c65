import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoneyError } from '../allocation/money-error.ts';
import { monthRange } from '../allocation/shares.ts';
import { daysBetween } from '../time/shanghai.ts';
import { SUBSIDISED_HOURS_ZONE_III, subsidisedEnergyWh } from './subsidised-hours.ts';
import { priceRange, type DatedPrice } from './tariff.ts';

const price = (
  component: string,
  priceHaoPerKwh: bigint,
  effectiveFrom = '2019-01-01',
  effectiveTo: string | null = null,
): DatedPrice => ({ component, priceHaoPerKwh, effectiveFrom, effectiveTo });
const VILLAGE_PRICES = [price('base', 3320n), price('subsidy', 5180n)];
const range = monthRange('2025-06');
const evenDays = (energyWh: bigint) =>
  daysBetween(range.from, range.to).map((day) => ({ day, energyWh: energyWh / 30n }));

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MoneyError ? error.code : String(error);
  }
}

describe('value of a month', () => {
  it('comes out to the fen for the worked months of the domain', () => {
    const joint = priceRange({ energyWh: 96_300_000n, range, prices: VILLAGE_PRICES, days: [] });
    expect(joint.lines.map(({ component, amountFen }) => [component, amountFen])).toEqual([
      ['base', 3_197_160n],
      ['subsidy', 4_988_340n],
    ]);
    expect(joint.totalFen).toBe(8_185_500n);
    const single = priceRange({ energyWh: 32_100_000n, range, prices: VILLAGE_PRICES, days: [] });
    expect([...single.lines.map(({ amountFen }) => amountFen), single.totalFen]).toEqual([
      1_065_720n,
      1_662_780n,
      2_728_500n,
    ]);
  });

  it('takes further components, also negative ones', () => {
    const prices = [...VILLAGE_PRICES, price('mechanism_difference', 120n), price('deviation', -15n)];
    const { lines } = priceRange({ energyWh: 1_000_000n, range, prices, days: [] });
    expect(lines.map(({ component, amountFen }) => [component, amountFen])).toEqual([
      ['base', 33_200n],
      ['deviation', -150n],
      ['mechanism_difference', 1_200n],
      ['subsidy', 51_800n],
    ]);
  });

  it('keeps the old price for old energy where the price changes in the month', () => {
    const prices = [price('base', 9800n, '2019-01-01', '2025-06-11'), price('base', 8500n, '2025-06-11')];
    const { lines } = priceRange({ energyWh: 3_000_000n, range, prices, days: evenDays(2_970_000n) });
    expect(lines[0]?.spans.map(({ energyWh }) => energyWh)).toEqual([1_000_000n, 2_000_000n]);
    expect(lines[0]?.amountFen).toBe(98_000n + 170_000n);
  });

  it('refuses unknown energy, missing prices and prices that overlap', () => {
    const base = { range, prices: VILLAGE_PRICES, days: [] };
    expect(codeOf(() => priceRange({ ...base, energyWh: null }))).toBe('money.unknown_value');
    expect(codeOf(() => priceRange({ ...base, energyWh: 1n, prices: [] }))).toBe('tariff.missing');
    const twice = [...VILLAGE_PRICES, price('base', 1n)];
    expect(codeOf(() => priceRange({ ...base, energyWh: 1n, prices: twice }))).toBe('tariff.overlap');
    const late = [price('base', 3320n, '2025-06-10')];
    expect(codeOf(() => priceRange({ ...base, energyWh: 1n, prices: late }))).toBe('tariff.missing');
    const changed = [price('base', 1n, '2019-01-01', '2025-06-11'), price('base', 2n, '2025-06-11')];
    expect(codeOf(() => priceRange({ ...base, energyWh: 1n, prices: changed }))).toBe('money.unknown_value');
  });

  it('rounds each line once, and the total is the sum of the lines', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: -20_000n, max: 20_000n }),
        fc.bigInt({ min: -20_000n, max: 20_000n }),
        (energyWh, before, after) => {
          const prices = [
            price('base', before, '2019-01-01', '2025-06-11'),
            price('base', after, '2025-06-11'),
            price('subsidy', 5180n),
          ];
          const { lines, totalFen } = priceRange({ energyWh, range, prices, days: evenDays(3_000_000n) });
          expect(lines.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(totalFen);
          for (const { amountFen, exactFen, spans } of lines) {
            expect(spans.reduce((sum, span) => sum + span.energyWh, 0n)).toBe(energyWh);
            const gap = amountFen * exactFen.denominator - exactFen.numerator;
            expect(2n * (gap < 0n ? -gap : gap) <= exactFen.denominator).toBe(true);
          }
        },
      ),
    );
  });
});

describe('subsidised hours', () => {
  const capacityW = 300_000n;
  const capWh = capacityW * SUBSIDISED_HOURS_ZONE_III;
  it('earn the subsidy up to the cap, in part in the month that reaches it, and not after', () => {
    const month = { monthWh: 1000n, capacityW, capHours: SUBSIDISED_HOURS_ZONE_III };
    expect(subsidisedEnergyWh({ ...month, beforeWh: 0n }).subsidisedWh).toBe(1000n);
    expect(subsidisedEnergyWh({ ...month, beforeWh: capWh - 400n })).toEqual({
      subsidisedWh: 400n,
      leftWh: 0n,
    });
    expect(subsidisedEnergyWh({ ...month, beforeWh: capWh + 5n }).subsidisedWh).toBe(0n);
    expect(subsidisedEnergyWh({ ...month, beforeWh: capWh, capHours: null })).toEqual({
      subsidisedWh: 1000n,
      leftWh: null,
    });
    expect(codeOf(() => subsidisedEnergyWh({ ...month, beforeWh: null }))).toBe('money.unknown_value');
  });
});
