import { DAY_MS, dayStartMs } from '#domain';
import type { DeviceRecord, RegistrySnapshot, StationRecord } from '#registry';
import { dayIndexOf, EPOCH_MS } from './calendar.ts';
import { bell, keyOf, unit } from './random.ts';

/** Mean and deviation of the yearly hours of healthy stations in their second year (domain.md 5.4). */
const HOURS_MEAN = 1280;
const HOURS_DEVIATION = 50;
/** Yearly hours that a counter is given for the years before the model begins. */
const HOURS_BEFORE_MODEL = 1200;
const YEAR_MS = 365.25 * DAY_MS;
/** Inverters of one station differ by about half a per cent. */
const MISMATCH_DEVIATION = 0.005;
/** Energy lost in cables and transformer between inverters and meter, in 1/10,000: 1.2 % give or take 0.2 %. */
const LINE_LOSS_MEAN = 120;
const LINE_LOSS_SPREAD = 20;

export interface InverterPlant {
  /** Number in the whole fleet, from 0. */
  index: number;
  code: string;
  gatewayCode: string;
  ratedPowerW: number;
  stringCount: number;
  /** Installed DC power, W, with its fixed mismatch. */
  dcPowerW: number;
  /** Counter at the first day of the model, Wh. */
  baseWh: number;
  key: number;
}

interface MeterPlant {
  code: string;
  gatewayCode: string;
  /** Share of the energy of the station that passes this meter; 1 where it is the only one. */
  share: number;
}

export interface StationPlant {
  index: number;
  code: string;
  countyCode: string;
  countyIndex: number;
  capacityW: number;
  latitudeDeg: number;
  longitudeDeg: number;
  tiltDeg: number;
  azimuthDeg: number;
  /** First day number with energy; negative where it began before the model. */
  commissionedIndex: number;
  hoursPerYear: number;
  /** What the meter counts of 10,000 Wh of the inverters. */
  meterPerTenThousand: number;
  inverters: readonly InverterPlant[];
  meters: readonly MeterPlant[];
  gatewayCodes: readonly string[];
  key: number;
}

/** The registry as the model needs it: numbered, with the fixed luck of every station and inverter. */
export interface Plant {
  seed: number;
  countyCodes: readonly string[];
  countySeats: readonly { latitudeDeg: number; longitudeDeg: number }[];
  stations: readonly StationPlant[];
  inverters: readonly InverterPlant[];
}

/**
 * Numbers the devices of a registry.
 * @throws RangeError where a station names a township or a county that is not there.
 */
export function buildPlant(seed: number, registry: RegistrySnapshot): Plant {
  const countyOfTownship = new Map(registry.townships.map(({ code, countyCode }) => [code, countyCode]));
  const countyIndexes = new Map(registry.counties.map(({ code }, index) => [code, index]));
  const inverters: InverterPlant[] = [];
  const stations = registry.stations.map((station, index) => {
    const countyCode = countyOfTownship.get(station.townshipCode) ?? '';
    const countyIndex = countyIndexes.get(countyCode);
    if (countyIndex === undefined) throw new RangeError(`station ${station.code} lies in no known county`);
    const own = invertersOf(seed, station, inverters.length);
    inverters.push(...own);
    return stationPlant({ seed, station, index, countyCode, countyIndex, inverters: own });
  });
  return {
    seed,
    countyCodes: registry.counties.map(({ code }) => code),
    countySeats: registry.counties.map(({ seatLatitude, seatLongitude }) => ({
      latitudeDeg: seatLatitude,
      longitudeDeg: seatLongitude,
    })),
    stations,
    inverters,
  };
}

function stationPlant(parts: {
  seed: number;
  station: StationRecord;
  index: number;
  countyCode: string;
  countyIndex: number;
  inverters: InverterPlant[];
}): StationPlant {
  const { seed, station, inverters } = parts;
  const key = keyOf(seed, 'station', station.code);
  return {
    index: parts.index,
    code: station.code,
    countyCode: parts.countyCode,
    countyIndex: parts.countyIndex,
    capacityW: station.capacityW,
    latitudeDeg: station.latitude,
    longitudeDeg: station.longitude,
    tiltDeg: station.tiltDeg,
    azimuthDeg: station.azimuthDeg,
    commissionedIndex: dayIndexOf(station.commissionedOn),
    hoursPerYear: HOURS_MEAN + HOURS_DEVIATION * bell(key, 1),
    meterPerTenThousand: 10_000 - LINE_LOSS_MEAN - Math.round((unit(key, 2) * 2 - 1) * LINE_LOSS_SPREAD),
    inverters,
    meters: metersOf(station.devices),
    gatewayCodes: station.gateways.map(({ code }) => code),
    key,
  };
}

function invertersOf(seed: number, station: StationRecord, firstIndex: number): InverterPlant[] {
  const devices = station.devices.filter(({ kind }) => kind === 'inverter');
  const ratedSumW = devices.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
  const yearsBefore = Math.max(0, (EPOCH_MS - dayStartMs(station.commissionedOn)) / YEAR_MS);
  return devices.map((device, position) => {
    const key = keyOf(seed, 'inverter', station.code, device.code);
    const mismatch = 1 + MISMATCH_DEVIATION * bell(key, 1);
    const dcPowerW = (station.capacityW * device.ratedPowerW * mismatch) / ratedSumW;
    return {
      index: firstIndex + position,
      code: device.code,
      gatewayCode: device.gatewayCode,
      ratedPowerW: device.ratedPowerW,
      stringCount: device.stringCount ?? 1,
      dcPowerW,
      baseWh: Math.round(dcPowerW * HOURS_BEFORE_MODEL * yearsBefore),
      key,
    };
  });
}

function metersOf(devices: readonly DeviceRecord[]): MeterPlant[] {
  const meters = devices.filter(({ kind }) => kind === 'meter');
  const ratedSumW = meters.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
  return meters.map((meter) => ({
    code: meter.code,
    gatewayCode: meter.gatewayCode,
    share: meters.length === 1 ? 1 : meter.ratedPowerW / ratedSumW,
  }));
}
