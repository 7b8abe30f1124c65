import type { FaultKind, TestbenchCurve, TestbenchEvent, TestbenchVerdict } from '#contracts';
import { DAY_MS, dayStartMs, QUARTER_HOUR_MS } from '#domain';
import { fixed, UNKNOWN } from '../../format/quantity.ts';

/** Kinds that change what is really made; the others change only what is told about it. */
export const ENERGY_KINDS = [
  'outage',
  'zero',
  'low',
  'string_low',
  'insulation',
] as const satisfies readonly FaultKind[];
export const TOLD_KINDS = [
  'offline',
  'late_backlog',
  'lost_messages',
  'duplicate',
  'conflict',
  'garbage',
  'clock_skew',
  'device_silent',
  'counter_reset',
  'counter_jump',
  'over_voltage',
  'overheat',
] as const satisfies readonly FaultKind[];

/** Energy in kWh with all its digits; a negative one in brackets, unknown a dash. */
export function kwhText(energyWh: number | null): string {
  if (energyWh === null) return UNKNOWN;
  const size = fixed(Math.abs(energyWh) / 1000, 3);
  return energyWh < 0 ? `(${size})` : size;
}

/** Yuan with both decimals, exact at any size; a negative amount in brackets, unknown a dash. */
export function yuanText(amountFen: string | null): string {
  if (amountFen === null) return UNKNOWN;
  const fen = BigInt(amountFen);
  const size = fen < 0n ? -fen : fen;
  const whole = (size / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const text = `${whole}.${(size % 100n).toString().padStart(2, '0')}`;
  return fen < 0n ? `(${text})` : text;
}

/** Colour of a verdict; the word stands beside it always. */
export const toneOf = (verdict: TestbenchVerdict): '' | 'amber' | 'red' =>
  verdict === 'same' || verdict === 'truth_unknown' ? '' : verdict === 'nothing_stored' ? 'red' : 'amber';

/** How far a run is, whole per cent; never 100 before it is over. */
export function percentOf({ done, total }: { done: number; total: number }): number {
  return total === 0 ? 0 : Math.min(99, Math.floor((done / total) * 100));
}

/** Spans of quarter hours of which nothing was stored, epoch ms. */
export function gapsOf({ day, storedWh }: Pick<TestbenchCurve, 'day' | 'storedWh'>): [number, number][] {
  const startMs = dayStartMs(day);
  const gaps: [number, number][] = [];
  for (const [slot, energyWh] of storedWh.entries()) {
    if (energyWh !== null) continue;
    const fromMs = startMs + slot * QUARTER_HOUR_MS;
    const last = gaps.at(-1);
    if (last && last[1] === fromMs) last[1] = fromMs + QUARTER_HOUR_MS;
    else gaps.push([fromMs, fromMs + QUARTER_HOUR_MS]);
  }
  return gaps;
}

/** Where an event lies on the axis of a day, as shares of it; null where it does not touch the day. */
export function spanOnDay(
  { from, to }: Pick<TestbenchEvent, 'from' | 'to'>,
  day: string,
): { fromShare: number; toShare: number } | null {
  const startMs = dayStartMs(day);
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - startMs) / DAY_MS));
  const fromMs = Date.parse(from);
  const toMs = to === null ? Infinity : Date.parse(to);
  if (fromMs >= startMs + DAY_MS || toMs <= startMs) return null;
  return { fromShare: share(fromMs), toShare: share(toMs) };
}
