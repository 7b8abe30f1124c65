import { addDays, dayOf, dayStartMs, sunLight, type QualityKind } from '#domain';
import { SeededRandom } from '../support/random.ts';
import { readSeries, SERIES, type SeriesDefinition, type SeriesPoint } from './series.ts';

/** What is known to be wrong with a series, of one kind. Days of a shift are their first instants. */
export interface Label {
  kind: QualityKind;
  instants: ReadonlySet<number>;
  /** Who says so. */
  source: 'file' | 'case' | 'calendar' | 'irradiance' | 'planted';
}

export interface LabelledSeries {
  definition: SeriesDefinition;
  name: string;
  points: readonly SeriesPoint[];
  labels: readonly Label[];
}

const LABEL_KINDS: Record<string, QualityKind> = {
  DQ01: 'stale',
  DQ02: 'interpolated',
  DQ03: 'clipped',
  DQ04: 'outlier',
};
/** Series in which a case says that nothing is impossible, whatever the power (POW-01, POW-02). */
const WITHOUT_OUTLIERS = new Set(['DQ05', 'DQ06', 'DQ07', 'DQ16']);
/** Clean series: inverters that neither froze nor were drawn on, at a place that is known. */
const SHIFT_KNOWN = new Set(['DQ05', 'DQ06']);

/** All series of the fixtures with what is known of them, and those in which faults were planted. */
export function labelledSeries(): LabelledSeries[] {
  const real = SERIES.map((definition): LabelledSeries => {
    const points = readSeries(definition);
    return { definition, name: nameOf(definition), points, labels: labelsOf(definition, points) };
  });
  const clean = real.find(({ definition }) => definition.code === 'DQ05');
  const spiky = real.find(({ definition }) => definition.code === 'DQ15');
  return [...real, ...(spiky ? [firstDaysOf(spiky)] : []), ...(clean ? plantedIn(clean) : [])];
}

/** A part of a long series that is replayed with the short ones: 1 to 8 April, with the first impossible value. */
function firstDaysOf({ definition, name, points }: LabelledSeries): LabelledSeries {
  const part = points.filter(({ atMs }) => dayOf(atMs) >= '2016-04-01' && dayOf(atMs) <= '2016-04-08');
  const code = 'DQ17';
  return {
    definition: { ...definition, code },
    name: `${name}, 1 to 8 April`,
    points: part,
    labels: labelsOf(definition, part),
  };
}

function nameOf({ file, columns, code }: SeriesDefinition): string {
  const base = file.slice(file.lastIndexOf('/') + 1);
  return code === 'DQ09' ? `${base}, ${columns.power ?? ''}` : base;
}

function labelsOf({ code }: SeriesDefinition, points: readonly SeriesPoint[]): Label[] {
  const labels: Label[] = [];
  const days = [...new Set(points.map(({ atMs }) => dayOf(atMs)))];
  const add = (kind: QualityKind, source: Label['source'], instants: readonly number[]) =>
    labels.push({ kind, source, instants: new Set(instants) });
  const kind = LABEL_KINDS[code];
  if (kind)
    add(
      kind,
      'file',
      instantsOf(points, ({ isLabelled }) => isLabelled),
    );
  // SPK-08: -1,000,000 as the first sample after waking up.
  if (code === 'DQ15')
    add(
      'outlier',
      'case',
      instantsOf(points, ({ power }) => power === -1_000_000),
    );
  if (WITHOUT_OUTLIERS.has(code)) add('outlier', 'case', []);
  // POW-06: a clipped noon is not frozen.
  if (code === 'DQ03') add('stale', 'case', []);
  if (SHIFT_KNOWN.has(code)) add('shift', 'calendar', []);
  // Stamped UTC-7 all year, with a clock that followed summer time: until 6 November 2011, and from 11 March 2012 on.
  if (code === 'DQ12')
    add('shift', 'calendar', days.filter((day) => day < '2011-11-06' || day >= '2012-03-11').map(dayStartMs));
  // The pyranometer beside it sees the sun from 9:45 to 18:15 in January: the stamps are two hours ahead.
  if (code === 'DQ08' || code === 'DQ09') add('shift', 'irradiance', days.map(dayStartMs));
  return labels;
}

const instantsOf = (points: readonly SeriesPoint[], belongs: (point: SeriesPoint) => boolean) =>
  points.filter(belongs).map(({ atMs }) => atMs);

/** Days of the clean series that are used where a fault is planted again and again. */
const PLANTED_DAYS = 40;
const SPELLS = 40;

/** Faults in a clean series of which nothing else is known. The same ones each time. */
function plantedIn(clean: LabelledSeries): LabelledSeries[] {
  const first = dayOf(clean.points[0]?.atMs ?? 0);
  const part = clean.points.filter(({ atMs }) => atMs < dayStartMs(addDays(first, PLANTED_DAYS)));
  const plant = (
    code: string,
    what: string,
    points: readonly SeriesPoint[],
    label: Label,
  ): LabelledSeries => ({
    definition: { ...clean.definition, code },
    name: `${clean.name}, ${what}`,
    points,
    labels: [label],
  });
  const planted = (kind: QualityKind, instants: Iterable<number>): Label => ({
    kind,
    source: 'planted',
    instants: new Set(instants),
  });
  const removed = new Set(spells(part, { seed: 1, least: 3, most: 12 }).flat());
  const frozen = spells(part, { seed: 2, least: 5, most: 24 });
  const late = dayStartMs('2016-08-15');
  const HOUR_MS = 3_600_000;
  const moved = (points: readonly SeriesPoint[], fromMs: number, byMs: number) =>
    points.map((point) => (point.atMs >= fromMs ? { ...point, atMs: point.atMs + byMs } : point));
  const days = (points: readonly SeriesPoint[], fromMs: number) =>
    new Set(points.filter(({ atMs }) => atMs >= fromMs).map(({ atMs }) => dayStartMs(dayOf(atMs))));
  const summer = moved(clean.points, late, HOUR_MS);
  const utc = moved(part, 0, 8 * HOUR_MS);
  return [
    plant(
      'DQ21',
      `${SPELLS} spells taken out`,
      part.filter(({ atMs }) => !removed.has(atMs)),
      planted('gap', [...removed].filter(isDaylight(clean.definition))),
    ),
    plant('DQ22', `${SPELLS} spells frozen`, freeze(part, frozen), planted('stale', frozen.flat())),
    plant('DQ23', 'an hour ahead from 15 August on', summer, planted('shift', days(summer, late))),
    plant('DQ24', 'eight hours ahead', utc, planted('shift', days(utc, 0))),
  ];
}

/** Spells of values in daylight, that do not touch. */
function spells(
  points: readonly SeriesPoint[],
  { seed, least, most }: { seed: number; least: number; most: number },
): number[][] {
  const random = new SeededRandom(seed);
  const chunk = Math.floor(points.length / SPELLS);
  return Array.from({ length: SPELLS }, (_, index) => {
    // Each in a part of its own, at a random hour of light in it.
    const own = points.slice(index * chunk, (index + 1) * chunk - most);
    const lit = own.flatMap(({ power }, at) => ((power ?? 0) > 200 ? [at] : []));
    const at = lit[random.between(0, lit.length)];
    const length = random.between(least, most + 1);
    const begin = index * chunk + (at ?? 0);
    return at === undefined ? [] : points.slice(begin, begin + length).map(({ atMs }) => atMs);
  });
}

function freeze(points: readonly SeriesPoint[], frozen: readonly number[][]): SeriesPoint[] {
  const firstOf = new Map(frozen.flatMap((spell) => spell.map((atMs) => [atMs, spell[0] ?? atMs] as const)));
  const powers = new Map(points.map(({ atMs, power }) => [atMs, power]));
  return points.map((point) => {
    const from = firstOf.get(point.atMs);
    return from === undefined ? point : { ...point, power: powers.get(from) ?? null };
  });
}

const isDaylight =
  ({ place }: SeriesDefinition) =>
  (atMs: number) =>
    sunLight({ day: dayOf(atMs), ...place }).daylight(atMs);
