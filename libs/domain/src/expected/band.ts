import { FEW_PEERS_FACTOR, isFewPeers, type Band } from './day-ratio.ts';
import { clamp, quantile } from './statistics.ts';

/** Edges of the classes of the clear-sky index and of the spread between peers. */
export const BAND_CUTS = { skyIndex: [0.3, 0.5, 0.7, 0.85], spread: [0.02, 0.05, 0.1, 0.2] } as const;

export const BAND_LIMITS = {
  sigmaMin: 0.02,
  /** Standard deviations between the 5 % and the 95 % quantile of a normal distribution. */
  sigmasFrom5To95: 3.29,
  samplesMin: 120,
  stationFactor: { from: 0.7, to: 2 },
  stationDaysMin: 20,
} as const;

/** Bands of the fleet by class of sky and of spread. Plain data, stored as JSON. */
export interface BandTable {
  version: 1;
  /** Cell `sky * 5 + spread`; null where too few days are known: the class of sky then counts. */
  cells: (Band | null)[];
  skies: Band[];
}

export interface BandSample {
  skyIndex: number;
  spread: number;
  deviation: number;
  /** Factor of the station the sample is from; 1 where none is known. */
  stationFactor: number;
}

/** Deviations of healthy days before any are known, by class of sky (docs/EXPECTED-OUTPUT.md). */
const START_SIGMAS: readonly number[] = [0.12, 0.1, 0.06, 0.045, 0.035];
const CLASSES = BAND_CUTS.skyIndex.length + 1;

const classOf = (value: number, cuts: readonly number[]): number =>
  cuts.reduce((count, cut) => (value >= cut ? count + 1 : count), 0);

/** The table before any day is known. */
export function startBands(): BandTable {
  const skies = START_SIGMAS.map((sigma) => ({ sigma, low: -2.2 * sigma, high: 2.2 * sigma }));
  return { version: 1, cells: Array.from({ length: CLASSES ** 2 }, () => null), skies };
}

/**
 * Empirical bands from accepted days of the fleet: sigma is (q95 - q05) / 3.29 and not below 0.02, the band is what lies
 * between the 2.5 % and the 97.5 % quantile (1.96 sigma held 90 to 92 days of 100 only).
 */
export function fitBands(samples: readonly BandSample[]): BandTable {
  const start = startBands();
  const bySky: number[][] = Array.from({ length: CLASSES }, () => []);
  const byCell: number[][] = Array.from({ length: CLASSES ** 2 }, () => []);
  for (const { skyIndex, spread, deviation, stationFactor } of samples) {
    const sky = classOf(skyIndex, BAND_CUTS.skyIndex);
    const even = deviation / stationFactor;
    bySky[sky]?.push(even);
    byCell[sky * CLASSES + classOf(spread, BAND_CUTS.spread)]?.push(even);
  }
  return {
    version: 1,
    cells: byCell.map(bandOf),
    skies: bySky.map(
      (values, sky) => bandOf(values) ?? start.skies[sky] ?? { sigma: 0.1, low: -0.2, high: 0.2 },
    ),
  };
}

function bandOf(values: readonly number[]): Band | null {
  if (values.length < BAND_LIMITS.samplesMin) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => quantile(sorted, share) ?? 0;
  const sigma = Math.max(BAND_LIMITS.sigmaMin, (at(0.95) - at(0.05)) / BAND_LIMITS.sigmasFrom5To95);
  // The floor holds for both sides too: below it rounding and clocks are the noise.
  return {
    sigma,
    low: Math.min(at(0.025), -BAND_LIMITS.sigmaMin),
    high: Math.max(at(0.975), BAND_LIMITS.sigmaMin),
  };
}

/** Band of a day of a station. */
export function bandFor(
  table: BandTable,
  day: { skyIndex: number; spread: number; peers: number },
  stationFactor: number,
): Band {
  const sky = classOf(day.skyIndex, BAND_CUTS.skyIndex);
  const cell = table.cells[sky * CLASSES + classOf(day.spread, BAND_CUTS.spread)] ?? table.skies[sky];
  const band = cell ?? { sigma: 0.1, low: -0.2, high: 0.2 };
  const factor = stationFactor * (isFewPeers(day.peers) ? FEW_PEERS_FACTOR : 1);
  return {
    sigma: Math.max(BAND_LIMITS.sigmaMin, band.sigma * factor),
    low: band.low * factor,
    high: band.high * factor,
  };
}

/**
 * How much noisier than the fleet a station is: half the distance of its 5 % and 95 % quantiles of deviation over sigma,
 * in normal deviations; 0.7 to 2, and 1 before 20 days are known.
 */
export function stationFactor(standardised: readonly number[]): number {
  if (standardised.length < BAND_LIMITS.stationDaysMin) return 1;
  const low = quantile(standardised, 0.05) ?? 0;
  const high = quantile(standardised, 0.95) ?? 0;
  const { from, to } = BAND_LIMITS.stationFactor;
  return clamp((high - low) / BAND_LIMITS.sigmasFrom5To95, from, to);
}
