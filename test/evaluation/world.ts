import {
  addDays,
  clearSkyHorizontalIrradiance,
  dayStartMs,
  QUARTER_HOUR_MS,
  QUARTER_HOURS_PER_DAY,
  specificPower,
  sunPosition,
  type ExpectedPlace,
  type SunPosition,
} from '#domain';
import { generateRegistry, type StationRecord } from '#registry';
import { airTemperatureC, bell, keyOf, SkyField, smoothNoise, unit } from '#simulation';

/** First day of the world; a year and more follows. */
const FIRST_DAY = '2025-01-01';
const RADIANS = Math.PI / 180;
const DIFFUSE_CLEAR = 0.15;
const DUST_MAX = 0.08;
const WASH_DAYS = 120;
const SNOWS_PER_WINTER = 6;
const MONTHS_OF_SNOW: ReadonlySet<number> = new Set([0, 1, 10, 11]);

/** A station as it really is; the method under test sees `place` and the powers alone. */
export interface WorldStation {
  id: string;
  countyCode: string;
  townshipCode: string;
  place: ExpectedPlace;
  tiltDeg: number;
  azimuthDeg: number;
  /** Capacity that is really there over the registered one. */
  capacityFactor: number;
  lossFactor: number;
  acLimitW: number;
  /** Share of the power of each inverter. */
  inverterShares: number[];
  /** Hill in the east and in the west: azimuth and elevation of its edge. */
  hills: { azimuthDeg: number; elevationDeg: number }[];
  dustPerDay: number;
  key: number;
}

/** What a day really gives before any fault, and what it would have given without dust. */
export interface TrueDay {
  /** Mean AC power of the quarter hours, W. */
  powersW: Float64Array;
  /** Share that dust takes. */
  dust: number;
  isSnow: boolean;
}

/**
 * A year over the fleet of the seed, hard on purpose: sky as a field, haze, diffuse light that grows with cloud,
 * reflection at low sun, air temperature, hills, orientation and capacity off the register, uneven dust, rain, snow that
 * slides at another hour at each station, an efficiency that falls at low load. None of its formulas but the sun's
 * position and the clear horizontal irradiance is the method's.
 */
export class World {
  readonly stations: readonly WorldStation[];
  private readonly field: SkyField;
  private readonly key: number;
  private readonly dust = new Map<string, Float64Array>();

  constructor(
    readonly seed: number,
    stationCount: number,
    private readonly dayCount: number,
  ) {
    this.field = new SkyField(seed);
    this.key = keyOf(seed, 'evaluation');
    const registry = generateRegistry(seed);
    const countyOf = new Map(registry.townships.map(({ code, countyCode }) => [code, countyCode]));
    // Whole counties, so that neighbours stay neighbours.
    this.stations = registry.stations
      .slice(0, stationCount)
      .map((record) => this.stationOf(record, countyOf.get(record.townshipCode) ?? ''));
  }

  dayAt(dayIndex: number): string {
    return addDays(FIRST_DAY, dayIndex);
  }

  /** A healthy day of a station. */
  day(station: WorldStation, dayIndex: number): TrueDay {
    const day = this.dayAt(dayIndex);
    const startMs = dayStartMs(day);
    const month = Number(day.slice(5, 7)) - 1;
    const haze = 0.95 + 0.05 * smoothNoise(this.key, dayIndex / 4);
    const warmth = 4 * smoothNoise(this.key + 1, dayIndex / 3);
    const dust = this.dustOf(station)[dayIndex] ?? 0;
    const snow = this.snowUntilSlot(station, dayIndex, month);
    const dayNoise = 1 + 0.004 * bell(station.key, dayIndex);
    const powersW = new Float64Array(QUARTER_HOURS_PER_DAY);
    for (let slot = 0; slot < QUARTER_HOURS_PER_DAY; slot += 1) {
      const atMs = startMs + (slot + 0.5) * QUARTER_HOUR_MS;
      const sun = sunPosition({ instantMs: atMs, ...station.place });
      if (sun.elevationDeg <= 0.5) continue;
      const irradiance = this.planeIrradiance(station, sun, atMs) * haze;
      const air = airTemperatureC(month, (slot + 0.5) / 4) + warmth;
      const covered = slot < snow ? 0.06 : 1;
      const slotNoise = 1 + 0.003 * bell(station.key, dayIndex * 97 + slot + 5000);
      const dcShare = specificPower(irradiance, air) * station.lossFactor * (1 - dust) * covered;
      const efficiency = 1 - 0.006 / (dcShare + 0.02);
      const powerW =
        dcShare *
        Math.max(0, efficiency) *
        station.capacityFactor *
        station.place.capacityW *
        dayNoise *
        slotNoise;
      powersW[slot] = Math.round(Math.min(station.acLimitW, powerW));
    }
    return { powersW, dust, isSnow: snow > 0 };
  }

  private planeIrradiance(station: WorldStation, sun: SunPosition, atMs: number): number {
    const clear = clearSkyHorizontalIrradiance(sun.elevationDeg);
    const index = this.field.index(station.place, atMs);
    const horizontal = clear * index;
    const diffuse = Math.min(0.98, DIFFUSE_CLEAR + Math.max(0, 0.98 - index) * 1.05);
    const elevation = sun.elevationDeg * RADIANS;
    const tilt = station.tiltDeg * RADIANS;
    const cosIncidence =
      Math.sin(elevation) * Math.cos(tilt) +
      Math.cos(elevation) * Math.sin(tilt) * Math.cos((sun.azimuthDeg - station.azimuthDeg) * RADIANS);
    const isHidden = station.hills.some(
      ({ azimuthDeg, elevationDeg }) =>
        Math.abs(sun.azimuthDeg - azimuthDeg) < 25 && sun.elevationDeg < elevationDeg,
    );
    const reflection = cosIncidence <= 0.1 ? 0 : Math.max(0, 1 - 0.05 * (1 / cosIncidence - 1));
    const beam =
      isHidden || cosIncidence <= 0 ? 0 : ((1 - diffuse) * cosIncidence * reflection) / Math.sin(elevation);
    const sky = (diffuse * (1 + Math.cos(tilt))) / 2;
    return horizontal * (beam + sky + (0.2 * (1 - Math.cos(tilt))) / 2);
  }

  private stationOf(record: StationRecord, countyCode: string): WorldStation {
    const key = keyOf(this.seed, 'evaluation', record.code);
    const luck = (which: number): number => unit(key, which) * 2 - 1;
    const inverters = record.devices.filter(({ kind }) => kind === 'inverter');
    const ratedSumW = inverters.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
    return {
      id: record.code,
      countyCode,
      townshipCode: record.townshipCode,
      place: {
        latitudeDeg: record.latitude,
        longitudeDeg: record.longitude,
        capacityW: record.capacityW,
      },
      tiltDeg: 33 + 6 * luck(1),
      azimuthDeg: 180 + 20 * luck(2),
      capacityFactor: 1 + 0.05 * luck(3),
      lossFactor: 0.86 + 0.04 * luck(4),
      acLimitW: Math.min(record.ratedAcW, record.capacityW * (unit(key, 5) < 0.1 ? 0.72 : 1)),
      inverterShares: inverters.map(({ ratedPowerW }) => ratedPowerW / ratedSumW),
      hills: [
        { azimuthDeg: 80 + 30 * unit(key, 6), elevationDeg: 14 * unit(key, 7) ** 2 },
        { azimuthDeg: 250 + 30 * unit(key, 8), elevationDeg: 14 * unit(key, 9) ** 2 },
      ],
      dustPerDay: 0.0005 + 0.0015 * unit(key, 10),
      key,
    };
  }

  /** Dust of all days of a station: it grows until it rains over the neighbourhood or the station is washed. */
  private dustOf(station: WorldStation): Float64Array {
    const known = this.dust.get(station.id);
    if (known) return known;
    const dust = new Float64Array(this.dayCount);
    const region =
      Math.floor(station.place.latitudeDeg * 3) * 1000 + Math.floor(station.place.longitudeDeg * 3);
    const offset = Math.floor(unit(station.key, 11) * WASH_DAYS);
    let layer = 0.02;
    for (let dayIndex = 0; dayIndex < this.dayCount; dayIndex += 1) {
      const month = Number(this.dayAt(dayIndex).slice(5, 7)) - 1;
      const rainChance = month >= 4 && month <= 8 ? 0.12 : 0.04;
      const rains = unit(this.key + 7, region, dayIndex) < rainChance;
      const washed = (dayIndex + offset) % WASH_DAYS === 0;
      layer = washed ? 0 : rains ? layer * 0.3 : Math.min(DUST_MAX, layer + station.dustPerDay);
      dust[dayIndex] = layer;
    }
    this.dust.set(station.id, dust);
    return dust;
  }

  /** Quarter hour of the day until which snow lies on the modules; 0 without snow. */
  private snowUntilSlot(station: WorldStation, dayIndex: number, month: number): number {
    if (!MONTHS_OF_SNOW.has(month)) return 0;
    for (let back = 0; back <= 3; back += 1) {
      const falls = unit(this.key + 9, dayIndex - back) < SNOWS_PER_WINTER / 120;
      if (!falls) continue;
      if (back === 0) return 96;
      const melted = 1 + Math.floor(unit(station.key, dayIndex - back, 12) * 1.6);
      if (back < melted) return 96;
      if (back === melted) return 40 + Math.floor(16 * unit(station.key, dayIndex, 13));
    }
    return 0;
  }
}
