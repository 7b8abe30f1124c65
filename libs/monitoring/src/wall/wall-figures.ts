import type { AreaStanding, EnergyFigure, Fleet, Wall, WallPlace, WallSlot, WallStation } from '#contracts';
import { DAY_MS, dayStartMs } from '#domain';
import { attentionOf, powerFigure, todayFigure } from '../fleet-figures.ts';
import { hoursOfEnergy, needsAttention, rounded, type StationView } from '../station-view.ts';
import { scaledTo } from '../fleet-expected.ts';
import type { ExpectedSlotRow } from '../fleet-expected.repository.ts';
import type { OpenAlarms, TotalRow } from './wall.repository.ts';

/** The figures of the big screen from station views and sums. Pure. */

/** The curve runs from 04:00 to 21:00, the hours that can have light. */
const CURVE_FROM_MS = 4 * 3_600_000;
const CURVE_TO_MS = 21 * 3_600_000;
/** Thirteen counties fit on the screen as a whole; of more places the middle is left out. */
const RANKING_BEST = 3;
const RANKING_WORST = 3;
export const TROUBLE_MAX = 8;

const lossOf = (views: readonly StationView[]): bigint =>
  views.reduce((sum, { lostFen }) => sum + (lostFen ?? 0n), 0n);

/** Counties or townships by code, each with its stations counted by trouble. */
export function placesOf(views: readonly StationView[], level: 'county' | 'township'): WallPlace[] {
  const codeOf = ({ station }: StationView) =>
    level === 'county' ? station.countyCode : station.townshipCode;
  return [...Map.groupBy(views, codeOf)]
    .map(([code, members]) => placeOf(code, members, level))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

function placeOf(code: string, members: readonly StationView[], level: 'county' | 'township'): WallPlace {
  const [first] = members;
  const name = level === 'county' ? first?.station.countyName : first?.station.townshipName;
  const capacityW = members.reduce((sum, { station }) => sum + station.capacityW, 0);
  const today = todayFigure(members, capacityW);
  return {
    code,
    name: name ?? code,
    stations: members.length,
    reporting: members.filter(({ reporting }) => reporting).length,
    attention: members.filter(({ state }) => needsAttention(state)).length,
    capacityW,
    powerW: powerFigure(members).powerW,
    todayWh: today.energyWh,
    fullLoadHours: today.fullLoadHours,
    lostFen: String(lossOf(members)),
  } satisfies AreaStanding & { lostFen: string };
}

/** Best and worst few by full-load hours today, by code where equal; places without data have no rank. */
export function rankingOf(places: readonly WallPlace[]): Wall['ranking'] {
  const ranked = places
    .filter(({ fullLoadHours }) => fullLoadHours !== null)
    .toSorted((a, b) => (b.fullLoadHours ?? 0) - (a.fullLoadHours ?? 0) || (a.code < b.code ? -1 : 1));
  const best = ranked.slice(0, RANKING_BEST);
  return { total: ranked.length, best, worst: ranked.slice(best.length).slice(-RANKING_WORST) };
}

export function stationOnMap(view: StationView): WallStation {
  const { station } = view;
  return {
    code: station.code,
    name: station.name,
    countyCode: station.countyCode,
    townshipCode: station.townshipCode,
    longitude: station.longitude,
    latitude: station.latitude,
    state: view.state,
    inTrouble: needsAttention(view.state),
    powerW: view.powerW,
    fullLoadHours: rounded(view.hours),
  };
}

/**
 * Today's curve with the expected sums beside it. An expected sum is scaled from the capacity that it is known of to
 * that of the area, so that it compares with the measured sum; the ends of the band are the sums of the ends, since
 * the sky errs over all stations at once.
 */
export function wallCurve(
  curve: Fleet['curve'],
  rows: readonly ExpectedSlotRow[],
  capacityW: number,
): Wall['curve'] {
  const startMs = dayStartMs(curve.day);
  const byStart = new Map(rows.map((row) => [row.startsAt.getTime(), row]));
  const slots = curve.slots
    .filter(({ startsAt }) => {
      const offsetMs = Date.parse(startsAt) - startMs;
      return offsetMs >= CURVE_FROM_MS && offsetMs < Math.min(CURVE_TO_MS, DAY_MS);
    })
    .map((slot): WallSlot => ({ ...slot, ...scaledTo(capacityW, byStart.get(Date.parse(slot.startsAt))) }));
  const knownW = slots.some(({ expectedPowerW }) => expectedPowerW !== null)
    ? Math.max(0, ...rows.map((row) => row.capacityW))
    : 0;
  return {
    day: curve.day,
    slots,
    expectedShare: capacityW === 0 ? 0 : (rounded(Math.min(1, knownW / capacityW)) ?? 0),
  };
}

/** What was measured against what was to be expected, over the quarter hours in which both are known. */
export function expectedSoFar({ slots }: Wall['curve']): Wall['expected'] {
  if (slots.every(({ expectedPowerW }) => expectedPowerW === null)) return null;
  const both = slots.filter(({ powerW, expectedPowerW }) => powerW !== null && expectedPowerW !== null);
  const expected = both.reduce((sum, slot) => sum + (slot.expectedPowerW ?? 0), 0);
  const measured = both.reduce((sum, slot) => sum + (slot.powerW ?? 0), 0);
  return {
    powerW: both.at(-1)?.expectedPowerW ?? null,
    ratio: expected > 0 ? rounded(measured / expected) : null,
  };
}

/** All that is recorded, today included. */
export function totalFigure(
  rows: readonly TotalRow[],
  countyCode: string | null,
  today: EnergyFigure,
  capacityW: number,
): Wall['total'] {
  const own = rows.filter((row) => countyCode === null || row.countyCode === countyCode);
  const completeWh = own.reduce((sum, { energyWh }) => sum + energyWh, 0);
  const estimatedWh =
    own.reduce((sum, row) => sum + row.estimatedWh, 0) + today.estimatedShare * (today.energyWh ?? 0);
  const energyWh = own.length === 0 ? today.energyWh : completeWh + (today.energyWh ?? 0);
  const stations = own.reduce((sum, row) => sum + row.stations, 0);
  return {
    ...today,
    energyWh,
    fullLoadHours: hoursOfEnergy(energyWh, capacityW),
    stationsCounted: Math.max(stations, today.stationsCounted),
    estimatedShare: energyWh ? (rounded(estimatedWh / energyWh) ?? 0) : 0,
    sinceDay: own.map(({ sinceDay }) => sinceDay).toSorted()[0] ?? null,
  };
}

/** Stations in trouble, the one that loses most first: what is shown while no alarms are evaluated. */
export function losingStations(views: readonly StationView[]): Wall['losing'] {
  const inTrouble = attentionOf(views);
  return {
    source: 'stations',
    total: inTrouble.length,
    unknown: inTrouble.filter(({ lostFen }) => lostFen === null).length,
    lostWh: inTrouble.reduce((sum, { lostWh }) => sum + (lostWh ?? 0), 0),
    lostFen: String(lossOf(inTrouble)),
    items: inTrouble.slice(0, TROUBLE_MAX).map((view) => ({
      alarmId: null,
      kind: view.state,
      level: null,
      stationCode: view.station.code,
      stationName: view.station.name,
      countyName: view.station.countyName,
      since: view.since?.toISOString() ?? null,
      isAcknowledged: false,
      lostWh: view.lostWh,
      lostFen: view.lostFen === null ? null : String(view.lostFen),
    })),
  };
}

/** Open alarms, the one that has cost most first. */
export function losingAlarms(alarms: OpenAlarms): Wall['losing'] {
  return {
    source: 'alarms',
    total: alarms.total,
    unknown: alarms.unknown,
    lostWh: alarms.lostWh,
    lostFen: alarms.lostFen,
    items: alarms.items.map((alarm) => {
      const isUnknown = !alarm.isLossWhole && alarm.lostFen === '0';
      return {
        alarmId: alarm.id,
        kind: alarm.kind,
        level: alarm.level,
        stationCode: alarm.stationCode,
        stationName: alarm.stationName,
        countyName: alarm.countyName,
        since: alarm.beganAt.toISOString(),
        isAcknowledged: alarm.state === 'acknowledged',
        lostWh: isUnknown ? null : alarm.lostWh,
        lostFen: isUnknown ? null : alarm.lostFen,
      };
    }),
  };
}
