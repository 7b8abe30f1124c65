import { DAY_MS, dayOf, dayStartMs, isImpossiblePower, QUALITY_KINDS, type QualityKind } from '#domain';
import { sql, type Database } from '#persistence';
import type { Label, LabelledSeries } from './labelled.ts';
import { deviceCodeOf } from './replay.ts';

/** What was flagged of one kind in one series, beside what is known of it. Values; of a shift, days. */
export interface Rate {
  code: string;
  name: string;
  kind: QualityKind;
  source: Label['source'] | null;
  values: number;
  /** Null where nobody has said what is wrong. */
  labelled: number | null;
  flagged: number;
  hit: number;
  falseAlarms: number;
}

/** Energy of a series as it was stored, beside what the file itself gives. */
export interface EnergyCheck {
  code: string;
  name: string;
  method: string;
  days: number;
  storedWh: number;
  ownWh: number;
  /** The day that differs most. */
  worstDayWh: number;
}

interface FlagRow {
  code: string;
  day: string;
  kind: QualityKind;
  fromMs: number;
  toMs: number;
}

/** Rates of all series: each pair of a series and a kind of which something is known, or in which something was found. */
export async function ratesOf(database: Database, all: readonly LabelledSeries[]): Promise<Rate[]> {
  const rows = await database.query<FlagRow>(sql`
    select s.code, f.day, f.kind, (extract(epoch from f.from_at) * 1000)::float8 as "fromMs",
      (extract(epoch from f.to_at) * 1000)::float8 as "toMs"
    from data_quality_flag f join device d on d.id = f.device_id join station s on s.id = d.station_id`);
  const bySeries = Map.groupBy(rows, ({ code }) => code);
  return all.flatMap((series) => {
    const own = bySeries.get(series.definition.code) ?? [];
    return QUALITY_KINDS.flatMap((kind) => {
      const rate = rateOf(
        series,
        kind,
        own.filter((row) => row.kind === kind),
      );
      return rate.labelled === null && rate.flagged === 0 ? [] : [rate];
    });
  });
}

function rateOf(series: LabelledSeries, kind: QualityKind, rows: readonly FlagRow[]): Rate {
  const { definition, name, points, labels } = series;
  const label = labels.find((known) => known.kind === kind);
  const values = new Set(points.map(({ atMs }) => (kind === 'shift' ? dayStartMs(dayOf(atMs)) : atMs)));
  // What is missing is no value of the series, but can be found as well.
  const candidates = new Set([...values, ...(label?.instants ?? [])]);
  const flagged = new Set(
    [...candidates].filter((atMs) => rows.some((row) => atMs >= row.fromMs && atMs <= row.toMs)),
  );
  const hit = [...flagged].filter((atMs) => label?.instants.has(atMs)).length;
  return {
    code: definition.code,
    name,
    kind,
    source: label?.source ?? null,
    values: candidates.size,
    labelled: label ? label.instants.size : null,
    flagged: kind === 'gap' && !label ? rows.length : flagged.size,
    hit,
    falseAlarms: label ? flagged.size - hit : 0,
  };
}

/** Longer steps of power are not energy (three intervals of five minutes, as the roll-up has it). */
const STEP_MAX_MS = 15 * 60_000;

/** Energy of the days of each series, stored and by the file itself. */
export async function energiesOf(database: Database, all: readonly LabelledSeries[]): Promise<EnergyCheck[]> {
  const rows = await database.query<{ code: string; day: string; energyWh: number; method: string }>(sql`
    select s.code, e.day, e.energy_wh::float8 as "energyWh", e.method
    from device_day e join device d on d.id = e.device_id join station s on s.id = d.station_id
    order by s.code, e.day`);
  const bySeries = Map.groupBy(rows, ({ code }) => code);
  return all.map((series) => {
    const { definition, name } = series;
    const stored = bySeries.get(definition.code) ?? [];
    const own = deviceCodeOf(definition) === 'M01' ? counterDays(series) : powerDays(series);
    const storedDays = new Map(stored.map(({ day, energyWh }) => [day, energyWh]));
    const days = [...new Set([...own.keys(), ...storedDays.keys()])];
    const off = days.map((day) => Math.abs((own.get(day) ?? 0) - (storedDays.get(day) ?? 0)));
    return {
      code: definition.code,
      name,
      method: [...new Set(stored.map(({ method }) => method))].join(', '),
      days: stored.length,
      storedWh: sum(storedDays.values()),
      ownWh: sum(own.values()),
      worstDayWh: Math.max(0, ...off),
    };
  });
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** The file's own integral: a trapezoid over values that can be, not below zero, in no longer steps than 15 minutes. */
function powerDays({ definition, points }: LabelledSeries): Map<string, number> {
  const { unitW, ratedPowerW } = definition;
  const days = new Map<string, number>();
  let last: { atMs: number; powerW: number } | undefined;
  for (const { atMs, power } of points) {
    if (power === null || isImpossiblePower(power * unitW, ratedPowerW)) continue;
    const next = { atMs, powerW: Math.max(0, power * unitW) };
    if (last && atMs - last.atMs <= STEP_MAX_MS) {
      const energyWh = (((last.powerW + next.powerW) / 2) * (atMs - last.atMs)) / 3_600_000;
      // A step over midnight belongs to the day in which it began, near enough: there is no sun.
      add(days, dayOf(last.atMs), energyWh);
    }
    last = next;
  }
  return days;
}

/**
 * Differences of the file's own counter from one value to the next, spread evenly; those at zero are no readings (case
 * CNT-17).
 */
function counterDays({ points }: LabelledSeries): Map<string, number> {
  const days = new Map<string, number>();
  let last: { atMs: number; energyKwh: number } | undefined;
  for (const { atMs, energyKwh } of points) {
    if (energyKwh === null || energyKwh === 0) continue;
    if (last) {
      const perMs = ((energyKwh - last.energyKwh) * 1000) / (atMs - last.atMs);
      for (let fromMs = last.atMs; fromMs < atMs;) {
        const toMs = Math.min(atMs, dayStartMs(dayOf(fromMs)) + DAY_MS);
        add(days, dayOf(fromMs), perMs * (toMs - fromMs));
        fromMs = toMs;
      }
    }
    last = { atMs, energyKwh };
  }
  return days;
}

const add = (days: Map<string, number>, day: string, value: number) =>
  days.set(day, (days.get(day) ?? 0) + value);
