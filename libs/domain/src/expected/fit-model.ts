import {
  planeIrradiances,
  prepareSun,
  specificPower,
  type PlaneOrientation,
  type PreparedSun,
} from '../solar/clear-sky.ts';
import { dayStartMs, QUARTER_HOUR_MS, QUARTER_HOURS_PER_DAY } from '../time/shanghai.ts';
import {
  azimuthBin,
  clearSkyPowerUnderW,
  EXPECTED_MODEL_VERSION,
  modelSun,
  startModel,
  type ModelSun,
  type ExpectedPlace,
  type StationModel,
} from './station-model.ts';
import { clamp, quantile, weightedMedian } from './statistics.ts';

/** Cleaned 15-minute mean powers of one Shanghai day; 96 of them, null is unknown. */
export interface FitDay {
  day: string;
  powersW: readonly (number | null)[];
}

export const FIT_LIMITS = {
  /** Days that are looked at, and of them the smoothest that are used. */
  daysMax: 120,
  clearDays: 25,
  clearDaysMin: 6,
  /** Slots of a day that must be known by light. */
  slotsMin: 24,
  /** A smooth day with less than this share of the best days' energy is evenly overcast, not clear. */
  brightShare: 0.85,
  powerFrom: 0.3,
  powerTo: 0.93,
  /** In lower sun reflection and hills bend the curve. */
  elevationDeg: 12,
  tiltDeg: { from: 10, to: 60 },
  azimuthDeg: { from: 90, to: 270 },
} as const;
/** Steps of tilt and azimuth, degrees: a grid over all orientations, then squares around the best. */
const GRID = { tiltDeg: 10, azimuthDeg: 20 };
const REFINEMENTS = [
  { tiltDeg: 5, azimuthDeg: 10 },
  { tiltDeg: 2, azimuthDeg: 4 },
  { tiltDeg: 0.8, azimuthDeg: 1.6 },
] as const;
const WALKS_MAX = 8;
const PLATEAU_WITHIN = 0.005;
const PLATEAU_SLOTS = 4;
const PLATEAU_DAYS = 3;
const HIDDEN_INDEX = 0.6;
const HIDDEN_SLOTS = 4;

interface FitSlot {
  sun: PreparedSun;
  airC: number;
  powerW: number;
}
interface Fit extends PlaneOrientation {
  scale: number;
  error: number;
}

/**
 * Fits tilt, azimuth, scale, plateau and horizon to the clearest of up to 120 days, by least absolute error. Days are
 * clear where the power is smooth (sum of |second differences| over the sum) and much. The capacity only scales: a
 * station twice as big with twice the power has the same model but for its plateau.
 * @param start where the search begins: a former model is only refined, start values are searched for over the grid.
 * @returns `start` unchanged where fewer than 6 clear days are known.
 */
export function fitStationModel(
  days: readonly FitDay[],
  place: ExpectedPlace,
  start: StationModel = startModel(null),
): StationModel {
  const suns = new Map<string, ModelSun[]>();
  const sunsOf = (day: string): ModelSun[] => {
    const known = suns.get(day) ?? sunsOfDay(day, place);
    suns.set(day, known);
    return known;
  };
  const clear = clearestDays(days, sunsOf, place, start);
  if (clear.length < FIT_LIMITS.clearDaysMin) return start;
  const limitW = plateauW(clear);
  const slots = clear.flatMap(({ day, powersW }) => fitSlots(powersW, sunsOf(day), limitW));
  const best = search(slots, place, start);
  const fitted: StationModel = {
    version: EXPECTED_MODEL_VERSION,
    tiltDeg: best.tiltDeg,
    azimuthDeg: best.azimuthDeg,
    scale: best.scale,
    limitW,
    horizon: [],
    fittedDays: clear.length,
    errorShare: best.error,
  };
  return { ...fitted, horizon: horizonOf(clear, sunsOf, fitted, place) };
}

/**
 * A newer model with the level of the older: over the given days both have the same clear-sky energy, so a station's
 * long-run ratio, and those of the stations that it tells the sky, do not jump on the day of the change.
 */
export function alignModel(
  older: StationModel,
  newer: StationModel,
  place: ExpectedPlace,
  days: readonly string[],
): StationModel {
  let olderW = 0;
  let newerW = 0;
  for (const day of days)
    for (const sun of sunsOfDay(day, place)) {
      olderW += clearSkyPowerUnderW({ ...older, limitW: null }, place, sun);
      newerW += clearSkyPowerUnderW({ ...newer, limitW: null }, place, sun);
    }
  return olderW > 0 && newerW > 0 ? { ...newer, scale: (newer.scale * olderW) / newerW } : newer;
}

function sunsOfDay(day: string, place: ExpectedPlace): ModelSun[] {
  const startMs = dayStartMs(day);
  return Array.from({ length: QUARTER_HOURS_PER_DAY }, (_, slot) =>
    modelSun(place, startMs + (slot + 0.5) * QUARTER_HOUR_MS),
  );
}

function clearestDays(
  days: readonly FitDay[],
  sunsOf: (day: string) => ModelSun[],
  place: ExpectedPlace,
  start: StationModel,
): FitDay[] {
  const rated = days.slice(-FIT_LIMITS.daysMax).flatMap((fitDay) => {
    let sumW = 0;
    let clearW = 0;
    let bends = 0;
    let known = 0;
    let before: number | null = null;
    let earlier: number | null = null;
    sunsOf(fitDay.day).forEach((sun, slot) => {
      const powerW = fitDay.powersW[slot] ?? null;
      if (sun.elevationDeg > 0 && powerW !== null) {
        known += 1;
        sumW += powerW;
        clearW += clearSkyPowerUnderW({ ...start, limitW: null, horizon: [] }, place, sun);
        if (before !== null && earlier !== null) bends += Math.abs(powerW - 2 * before + earlier);
      }
      earlier = before;
      before = powerW;
    });
    if (known < FIT_LIMITS.slotsMin || sumW <= 0) return [];
    return [{ fitDay, brightness: sumW / clearW, roughness: bends / sumW }];
  });
  const best = quantile(
    rated.map(({ brightness }) => brightness),
    0.9,
  );
  return rated
    .filter(({ brightness }) => best !== null && brightness >= FIT_LIMITS.brightShare * best)
    .sort((one, other) => one.roughness - other.roughness)
    .slice(0, FIT_LIMITS.clearDays)
    .map(({ fitDay }) => fitDay)
    .sort((one, other) => (one.day < other.day ? -1 : 1));
}

/** The level at which the power stands for an hour on three clear days; null where it stands at none. */
function plateauW(days: readonly FitDay[]): number | null {
  const topW = Math.max(...days.flatMap(({ powersW }) => powersW.filter((powerW) => powerW !== null)));
  const held = days.filter(
    ({ powersW }) =>
      powersW.filter((powerW) => powerW !== null && powerW >= topW * (1 - PLATEAU_WITHIN)).length >=
      PLATEAU_SLOTS,
  );
  return held.length >= PLATEAU_DAYS ? topW : null;
}

function fitSlots(
  powersW: readonly (number | null)[],
  suns: readonly ModelSun[],
  limitW: number | null,
): FitSlot[] {
  const topW = limitW ?? Math.max(...powersW.filter((powerW) => powerW !== null));
  return suns.flatMap((sun, slot) => {
    const powerW = powersW[slot] ?? null;
    // Every second slot is enough and halves the work.
    if (powerW === null || slot % 2 === 1 || sun.elevationDeg <= FIT_LIMITS.elevationDeg) return [];
    const share = powerW / topW;
    return share >= FIT_LIMITS.powerFrom && (limitW === null || share <= FIT_LIMITS.powerTo)
      ? [{ sun: prepareSun(sun), airC: sun.airC, powerW }]
      : [];
  });
}

function search(slots: readonly FitSlot[], place: ExpectedPlace, start: StationModel): Fit {
  const { tiltDeg: tilts, azimuthDeg: azimuths } = FIT_LIMITS;
  let best = tryPlane(slots, place, start);
  const consider = (plane: PlaneOrientation): void => {
    const fit = tryPlane(slots, place, plane);
    if (fit.error < best.error) best = fit;
  };
  if (start.fittedDays === 0)
    for (let tiltDeg = tilts.from; tiltDeg <= tilts.to; tiltDeg += GRID.tiltDeg)
      for (let azimuthDeg = azimuths.from; azimuthDeg <= azimuths.to; azimuthDeg += GRID.azimuthDeg)
        consider({ tiltDeg, azimuthDeg });
  for (const step of REFINEMENTS) {
    // Tilt and azimuth trade off along a narrow valley, which takes several squares to walk.
    for (let walk = 0; walk < WALKS_MAX; walk += 1) {
      const centre: Fit = best;
      for (let row = -1; row <= 1; row += 1)
        for (let column = -1; column <= 1; column += 1)
          if (row !== 0 || column !== 0)
            consider({
              tiltDeg: clamp(centre.tiltDeg + row * step.tiltDeg, tilts.from, tilts.to),
              azimuthDeg: clamp(centre.azimuthDeg + column * step.azimuthDeg, azimuths.from, azimuths.to),
            });
      if (best === centre) break;
    }
  }
  return best;
}

/** Best scale of an orientation and its mean absolute error as a share of the power. */
function tryPlane(slots: readonly FitSlot[], place: ExpectedPlace, plane: PlaneOrientation): Fit {
  const irradiance = planeIrradiances(plane);
  const points = slots.map(({ sun, airC, powerW }) => {
    const modelW = place.capacityW * specificPower(irradiance(sun), airC);
    return { modelW, powerW };
  });
  const ratios = points.map(({ modelW, powerW }) => ({ value: powerW / modelW, weight: modelW }));
  const scale = weightedMedian(ratios) ?? 1;
  let missedW = 0;
  let sumW = 0;
  for (const { modelW, powerW } of points) {
    missedW += Math.abs(powerW - scale * modelW);
    sumW += powerW;
  }
  return { tiltDeg: plane.tiltDeg, azimuthDeg: plane.azimuthDeg, scale, error: missedW / sumW };
}

function horizonOf(
  days: readonly FitDay[],
  sunsOf: (day: string) => ModelSun[],
  model: StationModel,
  place: ExpectedPlace,
): { azimuthDeg: number; elevationDeg: number }[] {
  const bins = new Map<number, { elevationDeg: number; isHidden: boolean }[]>();
  for (const { day, powersW } of days)
    sunsOf(day).forEach((sun, slot) => {
      const powerW = powersW[slot] ?? null;
      if (powerW === null || sun.elevationDeg < 2) return;
      const bin = bins.get(azimuthBin(sun.azimuthDeg)) ?? [];
      const isHidden = powerW < HIDDEN_INDEX * clearSkyPowerUnderW(model, place, sun);
      bin.push({ elevationDeg: sun.elevationDeg, isHidden });
      bins.set(azimuthBin(sun.azimuthDeg), bin);
    });
  return [...bins]
    .flatMap(([azimuthDeg, seen]) => {
      const rising = seen.toSorted((one, other) => one.elevationDeg - other.elevationDeg);
      let hidden = 0;
      let elevationDeg = 0;
      rising.forEach((slot, index) => {
        if (slot.isHidden) hidden += 1;
        if (slot.isHidden && hidden >= HIDDEN_SLOTS && hidden >= 0.75 * (index + 1))
          elevationDeg = slot.elevationDeg;
      });
      return elevationDeg > 0 ? [{ azimuthDeg, elevationDeg }] : [];
    })
    .sort((one, other) => one.azimuthDeg - other.azimuthDeg);
}
