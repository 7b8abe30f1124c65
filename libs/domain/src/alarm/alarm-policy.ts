import type { AlarmKindName, AlarmLevelName, AlarmPolicy } from './alarm-types.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface AlarmKindRule {
  /** Bad above the limit, or below it. */
  side: 'above' | 'below';
  /** Level of an incident, and beyond `majorLimit`. */
  level: AlarmLevelName;
  gravest: AlarmLevelName;
  /** Beyond `majorLimit` it need not last: a day below 60 % is enough alone. */
  isMajorAtOnce: boolean;
  /** Between two samples further apart nothing is known, so that what has not lasted begins again. */
  gapMs: number;
  /** An incident is as grave as it gets once it has lasted this long; null: by the limit alone. */
  graveAfterMs: number | null;
  /** How late a sample may come and still be put in its place. */
  windowMs: number;
  /** Every step brings all samples of the window anew, and they take the place of those before. */
  isDerived: boolean;
  policy: AlarmPolicy;
}

const policy = (
  given: Partial<AlarmPolicy> & Pick<AlarmPolicy, 'openLimit' | 'closeLimit'>,
): AlarmPolicy => ({
  isOn: true,
  delayMs: 15 * MINUTE_MS,
  clearAfterMs: 10 * MINUTE_MS,
  rejoinMs: 2 * HOUR_MS,
  escalateAfterMs: 4 * HOUR_MS,
  majorLimit: null,
  ...given,
});
const rule = (given: Partial<AlarmKindRule> & Pick<AlarmKindRule, 'level' | 'policy'>): AlarmKindRule => ({
  side: 'above',
  gravest: given.level,
  isMajorAtOnce: false,
  gapMs: 35 * MINUTE_MS,
  graveAfterMs: null,
  windowMs: 30 * MINUTE_MS,
  isDerived: false,
  ...given,
});

/**
 * Kinds with the defaults of domain.md 3.2 (assumed there). Units: s of silence in daylight (`offline`, `no_data`,
 * `ingest_down`), share (`county_silent`, `zero` and `inverter_zero` of kW, `low` of what was to be expected,
 * `string_low` of the median string, `over_capacity` of registered kW), °C, inverters (`fault`, `insulation`),
 * parts of the allowed range (`grid`: 1 is ±10 % of the voltage or 49.5–50.2 Hz), counters (`counter`), 1 where the
 * cause is dust (`soiling`).
 */
export const ALARM_RULES: Record<AlarmKindName, AlarmKindRule> = {
  ingest_down: rule({
    level: 'critical',
    policy: policy({ openLimit: 120, closeLimit: 60, delayMs: MINUTE_MS, clearAfterMs: MINUTE_MS }),
  }),
  county_silent: rule({
    level: 'critical',
    policy: policy({ openLimit: 0.8, closeLimit: 0.5, delayMs: 10 * MINUTE_MS }),
  }),
  // Half an hour of silence begins it; two hours of daylight make it an alarm, over the night too; a day makes it major.
  offline: rule({
    level: 'minor',
    gravest: 'major',
    gapMs: 20 * HOUR_MS,
    policy: policy({ openLimit: 1800, closeLimit: 900, majorLimit: 86_400, delayMs: 90 * MINUTE_MS }),
  }),
  no_data: rule({
    level: 'info',
    policy: policy({ openLimit: 1800, closeLimit: 900, delayMs: 5 * MINUTE_MS, escalateAfterMs: null }),
  }),
  // Six hours in sun are as good as the whole day.
  zero: rule({
    side: 'below',
    level: 'major',
    gravest: 'critical',
    graveAfterMs: 6 * HOUR_MS,
    policy: policy({
      openLimit: 0.01,
      closeLimit: 0.05,
      delayMs: 30 * MINUTE_MS,
      clearAfterMs: 30 * MINUTE_MS,
    }),
  }),
  inverter_zero: rule({
    side: 'below',
    level: 'minor',
    policy: policy({
      openLimit: 0.01,
      closeLimit: 0.05,
      delayMs: 30 * MINUTE_MS,
      clearAfterMs: 30 * MINUTE_MS,
    }),
  }),
  fault: rule({ level: 'major', policy: policy({ openLimit: 0.5, closeLimit: 0.5 }) }),
  // Three days running: from the evening of the first to that of the third there are two.
  low: rule({
    side: 'below',
    level: 'minor',
    gravest: 'major',
    isMajorAtOnce: true,
    gapMs: 36 * HOUR_MS,
    windowMs: 5 * DAY_MS,
    isDerived: true,
    policy: policy({
      openLimit: 0.8,
      closeLimit: 0.9,
      majorLimit: 0.6,
      delayMs: 2 * DAY_MS,
      clearAfterMs: DAY_MS,
      rejoinMs: 3 * DAY_MS,
      escalateAfterMs: DAY_MS,
    }),
  }),
  string_low: rule({
    side: 'below',
    level: 'minor',
    policy: policy({ openLimit: 0.5, closeLimit: 0.7, delayMs: HOUR_MS, clearAfterMs: HOUR_MS }),
  }),
  insulation: rule({ level: 'major', policy: policy({ openLimit: 0.5, closeLimit: 0.5 }) }),
  over_temperature: rule({ level: 'minor', policy: policy({ openLimit: 75, closeLimit: 70 }) }),
  grid: rule({ level: 'minor', policy: policy({ openLimit: 1, closeLimit: 0.9 }) }),
  soiling: rule({
    level: 'minor',
    gapMs: 36 * HOUR_MS,
    windowMs: 5 * DAY_MS,
    isDerived: true,
    policy: policy({
      openLimit: 0.5,
      closeLimit: 0.5,
      delayMs: 0,
      clearAfterMs: DAY_MS,
      escalateAfterMs: null,
    }),
  }),
  counter: rule({
    level: 'data',
    policy: policy({
      openLimit: 0.5,
      closeLimit: 0.5,
      delayMs: 0,
      clearAfterMs: 0,
      rejoinMs: 0,
      escalateAfterMs: null,
    }),
  }),
  over_capacity: rule({
    level: 'data',
    // The same noon again is the same question to the register.
    policy: policy({ openLimit: 1.1, closeLimit: 1.05, rejoinMs: 7 * DAY_MS, escalateAfterMs: null }),
  }),
};

/** While one of these lasts at a parent subject, or at the subject itself, the kind raises nothing new. */
export const SPOKEN_FOR_BY: Partial<Record<AlarmKindName, readonly AlarmKindName[]>> = {
  county_silent: ['ingest_down', 'county_silent'],
  offline: ['ingest_down', 'county_silent'],
  no_data: ['ingest_down', 'county_silent', 'offline'],
  zero: ['ingest_down', 'county_silent', 'offline'],
  fault: ['ingest_down', 'county_silent', 'offline'],
  insulation: ['ingest_down', 'county_silent', 'offline'],
  inverter_zero: ['ingest_down', 'county_silent', 'offline', 'zero', 'fault', 'insulation'],
  string_low: ['ingest_down', 'county_silent', 'offline', 'zero', 'fault', 'insulation', 'inverter_zero'],
  over_temperature: ['offline', 'fault'],
  grid: ['offline', 'zero', 'fault'],
  low: ['offline', 'zero', 'fault', 'insulation', 'inverter_zero'],
  soiling: ['low', 'offline', 'zero', 'fault'],
};

/** A stored policy of a kind: of a county, or of the city where `countyCode` is null. */
export interface DatedAlarmPolicy {
  id: number;
  kind: AlarmKindName;
  countyCode: string | null;
  /** `YYYY-MM-DD` in Shanghai. */
  effectiveFrom: string;
  policy: AlarmPolicy;
}

/**
 * The policy in force on a Shanghai day: the county's before the city's before the default; of several the one that
 * begins last, and of those the one entered last.
 */
export function policyInForce(
  stored: readonly DatedAlarmPolicy[],
  question: { kind: AlarmKindName; countyCode: string | null; day: string },
): AlarmPolicy {
  const newest = (countyCode: string | null) =>
    stored
      .filter(
        (row) =>
          row.kind === question.kind && row.countyCode === countyCode && row.effectiveFrom <= question.day,
      )
      .reduce<DatedAlarmPolicy | null>(
        (best, row) =>
          best === null ||
          row.effectiveFrom > best.effectiveFrom ||
          (row.effectiveFrom === best.effectiveFrom && row.id > best.id)
            ? row
            : best,
        null,
      );
  const own = question.countyCode === null ? null : newest(question.countyCode);
  return (own ?? newest(null))?.policy ?? ALARM_RULES[question.kind].policy;
}
