import { quantile } from '#domain';
import type { EventKind } from './events.ts';
import type { FoldedStation } from './fold.ts';
import { causeOf, type HealthyDay, type Measure, type Outcome } from './measure.ts';

/** One figure beside its target. */
export interface Figure {
  name: string;
  value: number;
  /** Count behind the value. */
  of: number;
  target: string;
  isMet: boolean | null;
}

const sigmaOf = (values: readonly number[]): number =>
  ((quantile(values, 0.95) ?? 0) - (quantile(values, 0.05) ?? 0)) / 3.29;

/** Figures of a finished fold. Shares and sigmas in per cent. */
export function figuresOf(
  measure: Measure,
  stations: readonly FoldedStation[],
  stationYears: number,
): Figure[] {
  return [
    ...accuracy(measure.healthy),
    ...detection([...measure.outcomes.values()]),
    ...falseAlarms(measure, stationYears),
    ...causes([...measure.outcomes.values()], measure),
    ...models(stations),
  ];
}

function figure(name: string, value: number, of: number, target: string, isMet: boolean | null): Figure {
  return { name, value, of, target, isMet };
}
const atMost = (name: string, value: number, of: number, limit: number): Figure =>
  figure(name, value, of, `<= ${limit}`, value <= limit);
const atLeast = (name: string, value: number, of: number, limit: number): Figure =>
  figure(name, value, of, `>= ${limit}`, of > 0 && value >= limit);
const plain = (name: string, value: number, of: number): Figure => figure(name, value, of, '', null);

function accuracy(days: readonly HealthyDay[]): Figure[] {
  const sigma = (of: readonly HealthyDay[]) => 100 * sigmaOf(of.map(({ deviation }) => deviation));
  const bright = days.filter(({ skyIndex }) => skyIndex > 0.7);
  const dark = days.filter(({ skyIndex }) => skyIndex < 0.35);
  const week = means(days, 7);
  const month = means(days, 30);
  const county = days.flatMap(({ ruleDeviation }) => ruleDeviation ?? []);
  const covered = days.filter(({ isInBand }) => isInBand).length / days.length;
  return [
    atMost('sigma of a day, %', sigma(days), days.length, 5),
    atMost('sigma of a bright day (K > 0.7), %', sigma(bright), bright.length, 3),
    plain('sigma of a dark day (K < 0.35), %', sigma(dark), dark.length),
    atMost('sigma of 7 days, %', 100 * sigmaOf(week), week.length, 3),
    atMost('sigma of 30 days, %', 100 * sigmaOf(month), month.length, 2),
    plain('sigma of a day, county median, %', 100 * sigmaOf(county), county.length),
    figure(
      'days in the 95 % band, %',
      100 * covered,
      days.length,
      '93 to 97',
      covered >= 0.93 && covered <= 0.97,
    ),
  ];
}

function means(days: readonly HealthyDay[], length: number): number[] {
  const blocks = Map.groupBy(
    days,
    ({ stationId, dayIndex }) => `${stationId}/${Math.floor(dayIndex / length)}`,
  );
  return [...blocks.values()]
    .filter((block) => block.length >= 0.7 * length)
    .map((block) => block.reduce((sum, { deviation }) => sum + deviation, 0) / block.length);
}

function detection(outcomes: readonly Outcome[]): Figure[] {
  const of = (...kinds: EventKind[]) => outcomes.filter(({ event }) => kinds.includes(event.kind));
  const share = (list: readonly Outcome[], found: (outcome: Outcome) => number | null, days: number) =>
    (100 * list.filter((outcome) => (found(outcome) ?? Infinity) <= days).length) / Math.max(1, list.length);
  const any = ({ smallDay }: Outcome) => smallDay;
  const rule = ({ ruleDay }: Outcome) => ruleDay;
  const steps: [string, EventKind[], number, number][] = [
    ['50 % loss in 3 days', ['step_50'], 3, 95],
    ['30 % loss in 3 days', ['step_30'], 3, 95],
    ['20 % loss in 7 days', ['step_20'], 7, 97],
    ['10 % loss in 14 days', ['step_10'], 14, 95],
    ['8 % loss in 14 days', ['step_8'], 14, 90],
    ['5 % loss in 35 days', ['step_5'], 35, 65],
  ];
  const found = steps.map(([name, kinds, days, target]) =>
    atLeast(`${name}, % found`, share(of(...kinds), any, days), of(...kinds).length, target),
  );
  const byRule = steps.map(([name, kinds, days]) =>
    plain(`${name}, % found by the county rule`, share(of(...kinds), rule, days), of(...kinds).length),
  );
  const delays = steps.map(([name, kinds]) => {
    const days = of(...kinds).flatMap(({ smallDay }) => smallDay ?? []);
    return plain(
      `${name.split(' in ')[0] ?? ''}, median delay, days`,
      quantile(days, 0.5) ?? NaN,
      days.length,
    );
  });
  const trips = of('trip').filter(({ isSunny }) => isSunny);
  const inTime = trips.filter(({ zeroMin }) => zeroMin !== null && zeroMin <= 45).length;
  const weak = of('inverter_3');
  const clocks = of('clock').filter(({ event }) => Math.abs(event.size) >= 20);
  return [
    ...found,
    ...byRule,
    ...delays,
    atLeast(
      'zero output within 45 minutes, % found',
      (100 * inTime) / Math.max(1, trips.length),
      trips.length,
      99,
    ),
    atLeast(
      'inverter 3 % low in 14 days, % found',
      share(weak, ({ siblingDay }) => siblingDay, 14),
      weak.length,
      95,
    ),
    atLeast(
      'clock off in 7 days, % found',
      share(clocks, ({ clockDay }) => clockDay, 7),
      clocks.length,
      95,
    ),
    lostEnergy(outcomes),
  ];
}

function lostEnergy(outcomes: readonly Outcome[]): Figure {
  const lost = outcomes.filter(({ event: { kind } }) => kind !== 'curtailment' && kind !== 'clock');
  const lostWh = lost.reduce((sum, outcome) => sum + outcome.lostWh, 0);
  const foundWh = lost.reduce((sum, outcome) => sum + outcome.foundWh, 0);
  return atLeast('lost energy found, %', (100 * foundWh) / lostWh, lost.length, 85);
}

function falseAlarms(measure: Measure, stationYears: number): Figure[] {
  const { falseAlarms: counts, trueAlarms } = measure;
  const invented = counts.small + counts.large + counts.snow;
  return [
    atMost('false alarms a station-year', invented / stationYears, invented, 0.3),
    plain('of them small', counts.small / stationYears, counts.small),
    plain('of them large', counts.large / stationYears, counts.large),
    plain('of them in snow', counts.snow / stationYears, counts.snow),
    plain(
      'alarms of uneven dust (true, not injected) a station-year',
      counts.dust / stationYears,
      counts.dust,
    ),
    plain('false sibling alarms a station-year', counts.sibling / stationYears, counts.sibling),
    plain('false alarms of the county rule a station-year', counts.rule / stationYears, counts.rule),
    atLeast(
      'precision of alarms, %',
      (100 * (trueAlarms + counts.dust)) / Math.max(1, trueAlarms + counts.dust + invented),
      trueAlarms + counts.dust + invented,
      85,
    ),
    atLeast(
      'specificity (healthy days without alarm), %',
      100 * (1 - measure.healthyAlarmDays / measure.healthyDays),
      measure.healthyDays,
      95,
    ),
    atMost('false zero per 1,000 station-days', (1000 * counts.zero) / measure.sunDays, measure.sunDays, 1),
    atMost('false clock, % of weeks', (100 * counts.clock) / measure.clockWindows, measure.clockWindows, 1),
    ...normalCauses(measure),
  ];
}

/** Healthy days without an alarm that are given a cause all the same, by cause; those of the weather apart. */
function normalCauses({ normalCauses: counts, normalDays }: Measure): Figure[] {
  const shown = [...counts].filter(([kind]) => kind !== 'none' && kind !== 'weather');
  const share = (count: number) => (100 * count) / Math.max(1, normalDays);
  const total = shown.reduce((sum, [, count]) => sum + count, 0);
  return [
    plain('normal days with a cause, %', share(total), normalDays),
    ...shown
      .toSorted(([, one], [, other]) => other - one)
      .map(([kind, count]) => plain(`normal days called ${kind}, %`, share(count), count)),
  ];
}

function causes(outcomes: readonly Outcome[], measure: Measure): Figure[] {
  const judged = outcomes.filter(({ event, cause }) => causeOf(event.kind) !== undefined && cause !== null);
  const byCause = Map.groupBy(judged, ({ event }) => causeOf(event.kind));
  const rows = [...byCause].map(([cause, list]) => {
    const right = list.filter((outcome) => outcome.cause === cause).length;
    const wrong = Map.groupBy(
      list.filter((outcome) => outcome.cause !== cause),
      (outcome) => outcome.cause ?? 'none',
    );
    const others = [...wrong].map(([name, items]) => `${name} ${items.length}`).join(', ');
    return plain(
      `cause ${cause ?? ''}, % right${others ? ` (else ${others})` : ''}`,
      (100 * right) / list.length,
      list.length,
    );
  });
  const macro = rows.reduce((sum, { value }) => sum + value, 0) / Math.max(1, rows.length);
  const slopes = [...measure.outcomes.values()].flatMap(({ event, slopePerDay }) =>
    event.kind === 'soiling' && slopePerDay !== null ? [Math.abs(slopePerDay + event.size) * 100] : [],
  );
  return [
    atLeast('cause, macro accuracy, %', macro, judged.length, 90),
    ...rows,
    atMost('dust slope, median error, % a day', quantile(slopes, 0.5) ?? NaN, slopes.length, 0.1),
  ];
}

function models(stations: readonly FoldedStation[]): Figure[] {
  const fitted = stations.filter(({ model }) => model.fittedDays > 0);
  const off = (error: (folded: FoldedStation) => number) => quantile(fitted.map(error), 0.5) ?? NaN;
  return [
    atMost(
      'tilt, median error, degrees',
      off(({ model, station }) => Math.abs(model.tiltDeg - station.tiltDeg)),
      fitted.length,
      2,
    ),
    atMost(
      'azimuth, median error, degrees',
      off(({ model, station }) => Math.abs(model.azimuthDeg - station.azimuthDeg)),
      fitted.length,
      4,
    ),
  ];
}

/** The figures as a table of Markdown. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, of, target, isMet }) => {
    const met = isMet === null ? '' : isMet ? 'yes' : '**no**';
    return `| ${name} | ${Number.isFinite(value) ? value.toFixed(2) : '-'} | ${of} | ${target} | ${met} |`;
  });
  return ['| measure | value | of | target | met |', '|---|---|---|---|---|', ...rows].join('\n');
}
