import type { EnergyFigure, Fleet } from '#contracts';
import { QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY } from '#domain';
import type { CurveRow, PeriodTotal } from './fleet.repository.ts';
import { hoursOfEnergy, needsAttention, rounded, type StationView } from './station-view.ts';

/** The figures of the overview from station views and period totals. Pure. */

/** A quarter hour is shown once this share of the stations is in it; the page marks what is between this and all. */
const CURVE_COMPLETE_SHARE = 0.9;

export const byCounty = (totals: readonly PeriodTotal[]) =>
  new Map(totals.map((total) => [total.countyCode, total]));

export function addUp(
  totals: ReadonlyMap<string, PeriodTotal>,
  countyCode: string | null,
): PeriodTotal | null {
  const parts = countyCode === null ? [...totals.values()] : [totals.get(countyCode)];
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0) return null;
  return known.reduce((sum, part) => ({
    countyCode: countyCode ?? '',
    energyWh: sum.energyWh + part.energyWh,
    estimatedWh: sum.estimatedWh + part.estimatedWh,
    stations: sum.stations + part.stations,
  }));
}

export function sameDayLastYear(day: string): string {
  const year = String(Number(day.slice(0, 4)) - 1);
  // The 29th of February is compared with the first 28 days.
  return day.slice(5) === '02-29' ? `${year}-03-01` : `${year}${day.slice(4)}`;
}

export function periodFigure(
  complete: PeriodTotal | null,
  today: EnergyFigure,
  capacityW: number,
): EnergyFigure {
  const energyWh =
    complete === null && today.energyWh === null ? null : (complete?.energyWh ?? 0) + (today.energyWh ?? 0);
  const estimatedWh = (complete?.estimatedWh ?? 0) + today.estimatedShare * (today.energyWh ?? 0);
  return {
    energyWh,
    fullLoadHours: hoursOfEnergy(energyWh, capacityW),
    stationsCounted: Math.max(complete?.stations ?? 0, today.stationsCounted),
    stationsTotal: today.stationsTotal,
    oldestSampleAt: today.oldestSampleAt,
    newestSampleAt: today.newestSampleAt,
    estimatedShare: energyWh ? (rounded(estimatedWh / energyWh) ?? 0) : 0,
  };
}

/** Ages of the samples that are in a figure; stations that do not report are not in it and make it no older. */
function sampleSpan(views: readonly StationView[]) {
  const instants = views
    .filter(({ reporting }) => reporting)
    .flatMap(({ now }) => now.newestSampleAt?.getTime() ?? []);
  return {
    oldestSampleAt: instants.length === 0 ? null : new Date(Math.min(...instants)).toISOString(),
    newestSampleAt: instants.length === 0 ? null : new Date(Math.max(...instants)).toISOString(),
  };
}

export function powerFigure(views: readonly StationView[]): Fleet['power'] {
  const known = views.filter(({ powerW }) => powerW !== null);
  return {
    powerW: known.length === 0 ? null : known.reduce((sum, { powerW }) => sum + (powerW ?? 0), 0),
    stationsCounted: known.length,
    stationsTotal: views.length,
    ...sampleSpan(views),
    estimatedShare: 0,
  };
}

export function todayFigure(views: readonly StationView[], capacityW: number): EnergyFigure {
  const known = views.filter(({ now }) => now.todayWh !== null);
  const sum = (part: readonly StationView[]) =>
    part.reduce((total, { now }) => total + (now.todayWh ?? 0), 0);
  const energyWh = known.length === 0 ? null : sum(known);
  const unsureWh = sum(known.filter(({ now }) => now.todayQuality !== 'measured'));
  return {
    energyWh,
    fullLoadHours: hoursOfEnergy(energyWh, capacityW),
    // A silent station's energy is in the sum as far as it is known, but the station is not counted as covered.
    stationsCounted: known.filter(({ reporting }) => reporting).length,
    stationsTotal: views.length,
    ...sampleSpan(views),
    estimatedShare: energyWh ? (rounded(unsureWh / energyWh) ?? 0) : 0,
  };
}

export function countByState(views: readonly StationView[]): Fleet['stations']['byState'] {
  const counts = {
    generating: 0,
    limited: 0,
    low: 0,
    zero: 0,
    fault: 0,
    offline: 0,
    night: 0,
    unknown: 0,
  };
  for (const { state } of views) counts[state] += 1;
  return counts;
}

export function standings(views: readonly StationView[]): Fleet['counties'] {
  return [...Map.groupBy(views, ({ station }) => station.countyCode)]
    .map(([code, members]) => {
      const capacityW = members.reduce((sum, { station }) => sum + station.capacityW, 0);
      const today = todayFigure(members, capacityW);
      return {
        code,
        name: members[0]?.station.countyName ?? code,
        stations: members.length,
        reporting: members.filter(({ reporting }) => reporting).length,
        attention: members.filter(({ state }) => needsAttention(state)).length,
        capacityW,
        powerW: powerFigure(members).powerW,
        todayWh: today.energyWh,
        fullLoadHours: today.fullLoadHours,
      };
    })
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** Stations in trouble, the one that loses most first; equal losses by code. */
export function attentionOf(views: readonly StationView[]): StationView[] {
  return views
    .filter(({ state }) => needsAttention(state))
    .toSorted((a, b) => {
      const difference = (b.lostFen ?? -1n) - (a.lostFen ?? -1n);
      if (difference !== 0n) return difference > 0n ? 1 : -1;
      return a.station.code < b.station.code ? -1 : 1;
    });
}

export function attentionItem(view: StationView): Fleet['attention'][number] {
  const { station } = view;
  return {
    stationCode: station.code,
    stationName: station.name,
    countyCode: station.countyCode,
    countyName: station.countyName,
    state: view.state,
    since: view.since?.toISOString() ?? null,
    powerW: view.powerW,
    peerRatio: rounded(view.peerRatio),
    lostTodayWh: view.lostWh,
    lostTodayFen: view.lostFen === null ? null : String(view.lostFen),
    expected: view.expected,
  };
}

/**
 * 96 quarter hours. One that only some of the stations have reported, or that is not worked out for all of them yet,
 * stays unknown: shown as it is it would look like a fall of power.
 * @param expectedStations stations that report now; a quarter hour of the past may have had more.
 */
export function curveSlots(
  rows: readonly CurveRow[],
  startMs: number,
  expectedStations: number,
): Fleet['curve']['slots'] {
  const byStart = new Map(rows.map((row) => [row.startsAt.getTime(), row]));
  const slots = Array.from({ length: QUARTER_HOURS_PER_DAY }, (_, index) => {
    const slotMs = startMs + index * QUARTER_HOUR_MS;
    return { slotMs, row: byStart.get(slotMs) };
  });
  const wanted =
    Math.max(expectedStations, ...slots.map(({ row }) => row?.stations ?? 0)) * CURVE_COMPLETE_SHARE;
  return slots.map(({ slotMs, row }) => ({
    startsAt: new Date(slotMs).toISOString(),
    powerW: row && row.stations >= wanted ? Math.round((row.energyWh * 3_600_000) / QUARTER_HOUR_MS) : null,
    stationsCounted: row?.stations ?? 0,
  }));
}
