import { dayIndexOf, monthSpan } from './calendar.ts';
import { bell, keyOf, smoothNoise, unit } from './random.ts';

/** State of the sky over a county on one day. */
export type SkyState = 'clear' | 'mixed' | 'overcast';

/** What one day brings a county. */
export interface SkyDay {
  state: SkyState;
  /** Share of the yearly energy of a healthy station that falls on this day. */
  yearShare: number;
  /** Days since the last rain that washed the modules. */
  dryDays: number;
}

/** Equivalent hours of a healthy station in each month at 1,230 a year (domain.md 5.4); only their shares count. */
export const MONTH_HOURS: readonly number[] = [101, 102, 114, 116, 117, 107, 100, 98, 94, 98, 93, 91];
const YEAR_HOURS = MONTH_HOURS.reduce((sum, hours) => sum + hours, 0);

/** Chance that an overcast day brings the 5 mm of rain that clean modules, by month. */
const RAIN_CHANCE: readonly number[] = [0.08, 0.08, 0.15, 0.3, 0.35, 0.4, 0.5, 0.5, 0.45, 0.3, 0.15, 0.08];
const DUST_PER_DAY = 0.0015;
/** Wind takes as much as it brings once the layer is this many days old. */
const DUST_DAYS_MAX = 60;
const SNOW_DAYS_MIN = 3;
const SNOW_DAYS_SPREAD = 4;
const WINTER_DAYS = 90;
const WET_MONTHS: ReadonlySet<number> = new Set([6, 7]);

/** Share of the energy that is left after so many days without rain or washing. */
export const dustFactor = (dryDays: number): number => 1 - DUST_PER_DAY * Math.min(dryDays, DUST_DAYS_MAX);

/**
 * The sky of one county, day after day from the first day of the model.
 *
 * The weather of a day is drawn by rank: a noise with a memory of some days orders the days of a month, the brightest
 * 45 % are clear and the darkest 20 % overcast. That keeps the runs of weather that a Markov chain has, and keeps the
 * month near its long-run hours, which a chain over thirty days does not.
 */
export class CountySky {
  private readonly days: SkyDay[] = [];
  private readonly regionKey: number;
  private readonly countyKey: number;
  private readonly snowDays = new Map<number, ReadonlySet<number>>();

  constructor(seed: number, countyCode: string) {
    this.regionKey = keyOf(seed, 'sky');
    this.countyKey = keyOf(seed, 'sky', countyCode);
  }

  /** @param dayIndex number of the day, from 0. */
  day(dayIndex: number): SkyDay {
    while (this.days.length <= dayIndex) this.addMonth();
    const day = this.days[dayIndex];
    if (day === undefined) throw new RangeError(`no weather before the first day of the model: ${dayIndex}`);
    return day;
  }

  private addMonth(): void {
    const span = monthSpan(this.days.length);
    const states = this.statesOf(span);
    const snow = this.snowOf(span.month === 11 ? span.year : span.year - 1);
    const monthKey = span.year * 12 + span.month;
    const month = (MONTH_HOURS[span.month] ?? 0) / YEAR_HOURS;
    const variation = 1 + 0.012 * bell(this.regionKey, monthKey) + 0.012 * bell(this.countyKey, monthKey);
    let dryDays = this.days.at(-1)?.dryDays ?? 5;
    const drafts = states.map((drawn, offset) => {
      const dayIndex = span.first + offset;
      const state: SkyState = snow.has(dayIndex) ? 'overcast' : drawn;
      const rains =
        state === 'overcast' && unit(this.countyKey, dayIndex, 21) < (RAIN_CHANCE[span.month] ?? 0);
      dryDays = rains ? 0 : dryDays + 1;
      const snowFactor = snow.has(dayIndex) ? 0.15 + 0.35 * unit(this.countyKey, dayIndex, 22) : 1;
      const weight = brightness(state, unit(this.countyKey, dayIndex, 23)) * snowFactor * dustFactor(dryDays);
      return { state, dryDays, weight };
    });
    const sum = drafts.reduce((total, { weight }) => total + weight, 0);
    for (const { state, dryDays: dry, weight } of drafts) {
      this.days.push({ state, dryDays: dry, yearShare: (month * variation * weight) / sum });
    }
  }

  private statesOf(span: { first: number; next: number; month: number }): SkyState[] {
    const count = span.next - span.first;
    const wet = WET_MONTHS.has(span.month);
    const clear = Math.round(count * ((wet ? 0.33 : 0.475) + 0.05 * bell(this.regionKey, span.first)));
    const overcast = Math.round(count * ((wet ? 0.3 : 0.18) + 0.03 * bell(this.regionKey, -span.first)));
    const darkness = (dayIndex: number) =>
      0.9 * smoothNoise(this.regionKey, dayIndex / 3) +
      0.5 * smoothNoise(this.regionKey + 1, dayIndex) +
      0.5 * smoothNoise(this.countyKey, dayIndex / 1.5);
    const ranked = Array.from({ length: count }, (_, offset) => ({
      offset,
      dark: darkness(span.first + offset),
    }));
    ranked.sort((one, other) => one.dark - other.dark || one.offset - other.offset);
    const states: SkyState[] = Array.from({ length: count }, () => 'mixed');
    ranked.forEach(({ offset }, rank) => {
      if (rank < clear) states[offset] = 'clear';
      else if (rank >= count - overcast) states[offset] = 'overcast';
    });
    return states;
  }

  /** Days of snow in the winter that begins in December of a year. */
  private snowOf(winterYear: number): ReadonlySet<number> {
    const known = this.snowDays.get(winterYear);
    if (known) return known;
    const first = dayIndexOf(`${winterYear}-12-01`);
    const count = SNOW_DAYS_MIN + Math.floor(unit(this.countyKey, winterYear, 31) * SNOW_DAYS_SPREAD);
    const days = new Set<number>();
    for (let draw = 0; days.size < count; draw += 1) {
      days.add(first + Math.floor(unit(this.countyKey, winterYear, 32 + draw) * WINTER_DAYS));
    }
    this.snowDays.set(winterYear, days);
    return days;
  }
}

function brightness(state: SkyState, luck: number): number {
  switch (state) {
    case 'clear':
      return 0.95 + 0.06 * luck;
    case 'mixed':
      return 0.58 + 0.28 * luck;
    case 'overcast':
      return 0.16 + 0.26 * luck;
  }
}

const AIR_MONTH_C: readonly number[] = [-7, -3, 4, 12, 18, 22, 24, 22, 17, 10, 2, -5];

/** Air temperature, degrees Celsius, by month (0 to 11) and hour of the day in Shanghai (0 to 24): warmest at 15:00. */
export function airTemperatureC(month: number, hour: number): number {
  const swing = Math.cos(((hour - 15) / 24) * 2 * Math.PI);
  return (AIR_MONTH_C[month] ?? 10) + 6 * swing;
}
