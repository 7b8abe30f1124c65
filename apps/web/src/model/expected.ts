import type { ExpectedCause, ExpectedStation, ExpectedVerdict, Indicator, StationPower } from '#contracts';
import { QUARTER_HOUR_MS } from '#domain';
import type { BandSlot } from '../charts/dayCurve.ts';
import { fixed, formatDeviation, formatPower, formatRatio, joined, UNKNOWN } from '../format/quantity.ts';

/** Colour group of a verdict; the word and the icon say it too. */
export type VerdictTone = 'good' | 'watch' | 'bad' | 'neutral';

export function verdictTone(verdict: ExpectedVerdict): VerdictTone {
  switch (verdict) {
    case 'normal':
      return 'good';
    case 'watch':
    case 'low':
      return 'watch';
    case 'very_low':
    case 'zero':
      return 'bad';
    case 'excluded':
    case 'learning':
    case 'not_judged':
      return 'neutral';
  }
}

/**
 * Why a day is short of what was expected; null where it is not short, since a cause beside a good or unjudged day
 * reads as a fault.
 */
export function shownCause({
  verdict,
  cause,
}: {
  verdict: ExpectedVerdict;
  cause: ExpectedCause | null;
}): Exclude<ExpectedCause, 'none'> | null {
  const tone = verdictTone(verdict);
  if (tone === 'good' || tone === 'neutral' || cause === 'none') return null;
  return cause;
}

/** The band of a day on the slots of its curve; empty where nothing was worked out for this day. */
export function bandSlots(expected: ExpectedStation | null, day: string): BandSlot[] {
  const curve = expected?.curve;
  if (!curve || expected.day !== day) return [];
  const firstMs = Date.parse(curve.firstSlotAt);
  return curve.lowPowerW.map((lowW, slot) => ({
    startsAt: new Date(firstMs + slot * QUARTER_HOUR_MS).toISOString(),
    lowW,
    highW: curve.highPowerW[slot] ?? null,
  }));
}

/** Power of the neighbours by slot: by the weather model where it is there, else the median of the county. */
export function neighbourSlots(expected: ExpectedStation | null, power: StationPower) {
  const curve = expected?.day === power.day ? expected.curve : null;
  const hasCurve = curve?.neighboursPowerW.some((powerW) => powerW !== null) ?? false;
  if (!curve || !hasCurve)
    return power.slots.map(({ startsAt, peerPowerW }) => ({ startsAt, powerW: peerPowerW }));
  const firstMs = Date.parse(curve.firstSlotAt);
  return power.slots.map(({ startsAt }) => {
    const slot = Math.round((Date.parse(startsAt) - firstMs) / QUARTER_HOUR_MS);
    return { startsAt, powerW: curve.neighboursPowerW[slot] ?? null };
  });
}

/** Name and version of a definition, `attainment.1`. */
export function indicatorParts(id: Indicator['id']): { name: string; version: string } {
  const [name = id, version = '1'] = id.split('.');
  return { name, version };
}

/** A number that a cause is told by: W as power, counts as they are, shares in per cent. */
export function evidenceText(key: string, value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  // That the day was judged by its energy alone is a fact, not a number.
  if (key === 'byDayEnergy') return '';
  if (key.startsWith('inverter.')) return formatDeviation(value);
  if (key.endsWith('W')) return joined(formatPower(value));
  if (/(Min|C)$/.test(key)) return fixed(value, 1);
  if (['slots', 'days', 'breakdowns', 'month'].includes(key)) return fixed(value, 0);
  if (/(Share|excess|dispersion|contrast|Difference|perDay|perYear|ratio)$/.test(key))
    return value < 0 ? `−${formatRatio(-value)}` : formatRatio(value);
  return fixed(value, 2);
}
