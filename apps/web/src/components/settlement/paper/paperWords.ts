import type { StationMatchView } from '#contracts';
import { UNKNOWN } from '../../../format/quantity.ts';

/** Figures of the paper, by whole numbers only: nothing of money or settled energy passes through a float. */

const wholeOf = (text: string | null): bigint | null =>
  text !== null && /^-?\d+$/.test(text) ? BigInt(text) : null;
const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** Wh as kWh with all its digits and no unit, such as `32,100` or `32,100.5`; a dash for an unknown one. */
export function kwhText(energyWh: string | null): string {
  const wh = wholeOf(energyWh);
  if (wh === null) return UNKNOWN;
  const size = wh < 0n ? -wh : wh;
  const decimals = String(size % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const whole = grouped(String(size / 1000n));
  const text = decimals === '' ? whole : `${whole}.${decimals}`;
  return wh < 0n ? `(${text})` : text;
}

/** Statement against telemetry in hundredths of a percent of the statement, half away from zero; null where unknown. */
export function energyGapBp(statedWh: string | null, meteredWh: string | null): bigint | null {
  const stated = wholeOf(statedWh);
  const metered = wholeOf(meteredWh);
  if (stated === null || metered === null || stated <= 0n) return null;
  const gap = stated - metered;
  const size = ((gap < 0n ? -gap : gap) * 20_000n + stated) / (stated * 2n);
  return gap < 0n ? -size : size;
}

/** Hundredths of a percent with their sign, `+1.25 %`. */
export function bpText(bp: bigint | null): string {
  if (bp === null) return UNKNOWN;
  const size = bp < 0n ? -bp : bp;
  const sign = bp === 0n ? '' : bp < 0n ? '−' : '+';
  return `${sign}${size / 100n}.${String(size % 100n).padStart(2, '0')} %`;
}

/** Amounts in fen as one; null where one of them is unknown. */
export function sumFen(amounts: readonly (string | null)[]): string | null {
  let total = 0n;
  for (const amount of amounts) {
    const fen = wholeOf(amount);
    if (fen === null) return null;
    total += fen;
  }
  return String(total);
}

/** An exact fraction as per cent with up to four decimals, `2.9 %`, cut and never rounded up. */
export function percentOfFraction(text: string): string {
  const [numerator = '', denominator = ''] = text.split('/');
  if (!/^\d+$/.test(numerator) || !/^[1-9]\d*$/.test(denominator)) return UNKNOWN;
  return `${percentDigits(BigInt(numerator), BigInt(denominator))} %`;
}

/** As {@link percentOfFraction}, as it is typed into a form. */
export function percentTyped(text: string): string {
  const [numerator = '', denominator = ''] = text.split('/');
  if (!/^\d+$/.test(numerator) || !/^[1-9]\d*$/.test(denominator)) return '';
  return percentDigits(BigInt(numerator), BigInt(denominator));
}

function percentDigits(numerator: bigint, denominator: bigint): string {
  const parts = (numerator * 1_000_000n) / denominator;
  const decimals = String(parts % 10_000n)
    .padStart(4, '0')
    .replace(/0+$/, '');
  return decimals === '' ? String(parts / 10_000n) : `${parts / 10_000n}.${decimals}`;
}

/** What keeps money from the villages stands first, then what wants a look. */
const TROUBLE: Record<StationMatchView['state'], number> = {
  blocked: 0,
  needs_reason: 1,
  missing: 2,
  matched_with_warnings: 3,
  signed: 4,
  matched: 5,
};

/** Station-months by trouble; within one state the larger difference of energy first, then by code. */
export function byTrouble(items: readonly StationMatchView[]): StationMatchView[] {
  const gapOf = ({ statedWh, meteredWh }: StationMatchView) => {
    const bp = energyGapBp(statedWh, meteredWh) ?? 0n;
    return bp < 0n ? -bp : bp;
  };
  return [...items].sort((one, other) => {
    const states = TROUBLE[one.state] - TROUBLE[other.state];
    if (states !== 0) return states;
    const gaps = gapOf(other) - gapOf(one);
    if (gaps !== 0n) return gaps > 0n ? 1 : -1;
    return one.stationCode < other.stationCode ? -1 : 1;
  });
}

export const MATCH_STATES = [
  'blocked',
  'needs_reason',
  'missing',
  'matched_with_warnings',
  'signed',
  'matched',
] as const satisfies readonly StationMatchView['state'][];

/** Money of a station-month over its streams, fen; `expectedFen` is null where one of them has no price. */
export function totalsOf({ streams }: Pick<StationMatchView, 'streams'>) {
  const ages = streams.flatMap(({ ageDays }) => (ageDays === null ? [] : [ageDays]));
  return {
    statedFen: streams.length === 0 ? null : sumFen(streams.map(({ statedFen }) => statedFen)),
    expectedFen: streams.length === 0 ? null : sumFen(streams.map(({ expectedFen }) => expectedFen)),
    receivedFen: streams.length === 0 ? null : sumFen(streams.map(({ receivedFen }) => receivedFen)),
    openFen: streams.length === 0 ? null : sumFen(streams.map(({ openFen }) => openFen)),
    ageDays: ages.length === 0 ? null : Math.max(...ages),
  };
}
