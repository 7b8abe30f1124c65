import { daysBetween } from '../time/shanghai.ts';
import { allocate, type Allocation, type VillageShare } from './allocate.ts';
import {
  addFractions,
  compareFractions,
  fraction,
  multiplyFractions,
  ZERO,
  type Fraction,
} from './fraction.ts';
import { MoneyError } from './money-error.ts';
import { shareSpans, type DatedShare, type ShareSpan } from './shares.ts';

/** Energy of a Shanghai day in Wh; null is unknown. */
export interface DayEnergyWh {
  day: string;
  energyWh: bigint | null;
}

export interface WeighedSpan extends ShareSpan {
  /** Null where the shares hold for the whole range and energy does not matter. */
  energyWh: bigint | null;
}

/**
 * Splits an amount of a range of days over villages. Where shares change in the range, each span counts by its energy:
 * a new share holds for what is generated from its day on, never backwards and never by days alone.
 * @throws MoneyError `money.unknown_value` where energy is needed and a day of it is unknown, `allocation.no_energy`
 *   where nothing was generated though there is money to split, and those of {@link allocate}
 */
export function allocateRange(input: {
  totalFen: bigint;
  range: { from: string; to: string };
  shares: readonly DatedShare[];
  days: readonly DayEnergyWh[];
}): Allocation & { spans: WeighedSpan[] } {
  const spans = shareSpans(input.shares, input.range);
  const [first] = spans;
  if (first && spans.every((span) => sameShares(span.shares, first.shares)))
    return {
      ...allocate(input.totalFen, first.shares),
      spans: [{ ...first, to: input.range.to, energyWh: null }],
    };
  const weighed = spans.map((span) => ({ ...span, energyWh: energyOfSpan(input.days, span) }));
  if (weighed.every(({ energyWh }) => energyWh === 0n))
    throw new MoneyError('allocation.no_energy', '份额变动的期间没有电量 (no energy to weigh shares by)');
  return { ...allocate(input.totalFen, weightsOf(weighed)), spans: weighed };
}

/** Energy of `from <= day < to`. @throws MoneyError `money.unknown_value` where a day is missing or unknown */
export function energyOfSpan(days: readonly DayEnergyWh[], range: { from: string; to: string }): bigint {
  const byDay = new Map(days.map(({ day, energyWh }) => [day, energyWh]));
  return daysBetween(range.from, range.to).reduce((sum, day) => {
    const energyWh = byDay.get(day);
    if (energyWh === undefined || energyWh === null)
      throw new MoneyError('money.unknown_value', `${day} 电量未知 (energy unknown)`);
    if (energyWh < 0n) throw new MoneyError('money.bad_range', `${day} 电量为负 (negative energy)`);
    return sum + energyWh;
  }, 0n);
}

function weightsOf(spans: readonly { shares: VillageShare[]; energyWh: bigint }[]): VillageShare[] {
  const weights = new Map<string, Fraction>();
  for (const { shares, energyWh } of spans)
    for (const { villageCode, share } of shares)
      weights.set(
        villageCode,
        addFractions(weights.get(villageCode) ?? ZERO, multiplyFractions(share, fraction(energyWh))),
      );
  return [...weights].map(([villageCode, share]) => ({ villageCode, share }));
}

function sameShares(a: readonly VillageShare[], b: readonly VillageShare[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ villageCode, share }, index) => {
      const other = b[index];
      return other?.villageCode === villageCode && compareFractions(other.share, share) === 0;
    })
  );
}
