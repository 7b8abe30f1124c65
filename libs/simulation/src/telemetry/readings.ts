import type { DeviceStatus } from '#contracts';
import { QUARTER_HOUR_MS, quarterHourStartMs } from '#domain';
import { dayIndexAt, KNOT_MS, seasonOf, startOfDayIndexMs } from '../truth/calendar.ts';
import { COUNTER_JUMP_WH, factorOn, isActive, type FaultKind } from '../truth/faults.ts';
import type { InverterPlant, StationPlant } from '../truth/plant.ts';
import { keyOf, smoothNoise, unit } from '../truth/random.ts';
import { airTemperatureC } from '../truth/sky.ts';
import {
  inverterPowerW,
  inverterTodayWh,
  sumOf,
  type InverterDay,
  type StationDay,
  type TruthModel,
} from '../truth/truth-model.ts';
import { findFault } from './delivery.ts';
import { readingInstantMs, type GatewaySchedule } from './schedule.ts';

/** What a device shows, in the units of the database: whole W and Wh, tenths and hundredths. */
export interface DeviceReading {
  deviceCode: string;
  kind: 'inverter' | 'meter';
  activePowerW: number;
  energyTotalWh: number;
  energyDayWh: number;
  temperatureDc: number | null;
  frequencyChz: number;
  /** Told only while they are out of the usual, so that usual messages stay small. */
  lineVoltagesDv: number[] | null;
  status: DeviceStatus;
  faultCode: string | null;
  stringVoltagesDv: number[] | null;
  stringCurrentsCa: number[] | null;
}

/** All that one gateway reads at one time. */
export interface GatewayReading {
  seq: number;
  /** When it really was. */
  takenAtMs: number;
  /** When the gateway's clock says it was. */
  measuredAtMs: number;
  devices: DeviceReading[];
}

/** Code that an inverter shows with status `fault`; Huawei's "abnormal string power" family. */
const FAULT_CODE = '2032';
/** Huawei's "low insulation resistance"; the inverter waits in standby and measures again. */
const INSULATION_CODE = '2062';
/** 12 % above 800 V, which most string inverters feed. */
const OVER_VOLTAGE_DV = 8960;
const OVERHEATED_DC = 820;
const CLOCK_KINDS: ReadonlySet<FaultKind> = new Set(['clock_skew']);
const GRID_HERTZ_HUNDREDTHS = 5000;

interface Moment {
  atMs: number;
  dayIndex: number;
  /** Position in the day in knots of five minutes, between two of them where the instant is. */
  knot: number;
  frequencyChz: number;
  airC: number;
  withStrings: boolean;
}

/** Makes the readings of every gateway from the truth. Pure: the same number gives the same reading for ever. */
export class ReadingModel {
  private readonly gridKey: number;
  /** What a counter stood at when it was reset; a handful in the life of the fleet. */
  private readonly resetTotalsWh = new Map<string, number>();

  constructor(private readonly truth: TruthModel) {
    this.gridKey = keyOf(truth.plant.seed, 'grid');
  }

  /** Reading number `seq` of a gateway. At night it holds the meters alone. */
  reading(gateway: GatewaySchedule, seq: number): GatewayReading {
    const atMs = readingInstantMs(gateway, seq);
    const day = this.truth.stationDay(gateway.station, dayIndexAt(atMs));
    const moment = this.momentOf(gateway, atMs, day.dayIndex);
    return {
      seq,
      takenAtMs: atMs,
      measuredAtMs: this.measuredAtMs(gateway, seq),
      devices: [
        ...(invertersSpeak(day, moment, gateway.intervalMs) ? this.inverters(gateway, day, moment) : []),
        ...this.meters(gateway, day, moment),
      ],
    };
  }

  /** What the gateway's clock shows when it takes reading number `seq`, epoch ms. */
  measuredAtMs(gateway: GatewaySchedule, seq: number): number {
    const atMs = readingInstantMs(gateway, seq);
    return atMs + (findFault(this.truth.faults, gateway, atMs, CLOCK_KINDS)?.skewMs ?? 0);
  }

  /** True where the inverters take part in reading number `seq`. */
  hasInverters(gateway: GatewaySchedule, seq: number): boolean {
    const atMs = readingInstantMs(gateway, seq);
    const day = this.truth.stationDay(gateway.station, dayIndexAt(atMs));
    return invertersSpeak(day, this.momentOf(gateway, atMs, day.dayIndex), gateway.intervalMs);
  }

  private momentOf(gateway: GatewaySchedule, atMs: number, dayIndex: number): Moment {
    const sinceMidnightMs = atMs - startOfDayIndexMs(dayIndex);
    const wander = 3 * smoothNoise(this.gridKey, atMs / 240_000);
    return {
      atMs,
      dayIndex,
      knot: sinceMidnightMs / KNOT_MS,
      frequencyChz: Math.round(GRID_HERTZ_HUNDREDTHS + wander),
      airC: airTemperatureC(seasonOf(dayIndex).month, sinceMidnightMs / 3_600_000),
      withStrings:
        quarterHourStartMs(atMs) !== quarterHourStartMs(atMs - Math.min(gateway.intervalMs, QUARTER_HOUR_MS)),
    };
  }

  private inverters(gateway: GatewaySchedule, day: StationDay, moment: Moment): DeviceReading[] {
    const { station } = gateway;
    const totals = this.truth.totalsAtStart(moment.dayIndex);
    const readings: DeviceReading[] = [];
    station.inverters.forEach((inverter, position) => {
      const energy = day.inverters[position];
      if (inverter.gatewayCode !== gateway.code || energy === undefined) return;
      const activePowerW = inverterPowerW(energy, moment.knot);
      const energyDayWh = inverterTodayWh(energy, moment.knot);
      const totalWh = (totals[inverter.index] ?? 0) + energyDayWh;
      const faulty = isFaulty(day, inverter, moment.atMs);
      const has = (kind: FaultKind) => hasFault(day, inverter.code, kind, moment.atMs);
      if (has('device_silent')) return;
      readings.push({
        deviceCode: inverter.code,
        kind: 'inverter',
        activePowerW,
        energyTotalWh: totalWh - this.offsetWh(station, inverter.code, moment.atMs),
        energyDayWh,
        temperatureDc: has('overheat')
          ? OVERHEATED_DC
          : Math.round(10 * (moment.airC + 4 + (26 * activePowerW) / inverter.ratedPowerW)),
        frequencyChz: isOut(day, moment.atMs) ? 0 : moment.frequencyChz,
        lineVoltagesDv: has('over_voltage') ? [OVER_VOLTAGE_DV, OVER_VOLTAGE_DV, OVER_VOLTAGE_DV] : null,
        status: statusOf({ faulty, activePowerW, night: moment.knot >= day.curve.duskKnot }),
        faultCode: faulty ? FAULT_CODE : has('insulation') ? INSULATION_CODE : null,
        ...(moment.withStrings ? stringsOf(day, inverter, activePowerW, moment.atMs) : NO_STRINGS),
      });
    });
    return readings;
  }

  private meters(gateway: GatewaySchedule, day: StationDay, moment: Moment): DeviceReading[] {
    const { station } = gateway;
    const own = station.meters.filter(
      ({ code, gatewayCode }) =>
        gatewayCode === gateway.code && !hasFault(day, code, 'device_silent', moment.atMs),
    );
    if (own.length === 0) return [];
    const startWh = sumOf(station, this.truth.totalsAtStart(moment.dayIndex));
    const madeWh = sumToday(day.inverters, moment.knot);
    const madeW = day.inverters.reduce((sum, inverter) => sum + inverterPowerW(inverter, moment.knot), 0);
    return own.map(({ code, share }) => {
      const meterWh = this.truth.meterTotalWh(station, startWh + madeWh, share);
      return {
        deviceCode: code,
        kind: 'meter' as const,
        activePowerW: Math.floor((madeW * station.meterPerTenThousand * share) / 10_000),
        energyTotalWh: meterWh - this.offsetWh(station, code, moment.atMs),
        energyDayWh: meterWh - this.truth.meterTotalWh(station, startWh, share),
        temperatureDc: null,
        lineVoltagesDv: null,
        frequencyChz: isOut(day, moment.atMs) ? 0 : moment.frequencyChz,
        status: 'running',
        faultCode: null,
        ...NO_STRINGS,
      };
    });
  }

  /** How far the truth is above the counter of a device: what it stood at when it last began again at 0, less its jumps. */
  private offsetWh(station: StationPlant, deviceCode: string, atMs: number): number {
    const jumpsWh = COUNTER_JUMP_WH * this.truth.faults.jumps(station.index, deviceCode, atMs);
    return this.resetWh(station, deviceCode, atMs) - jumpsWh;
  }

  private resetWh(station: StationPlant, deviceCode: string, atMs: number): number {
    const resetMs = this.truth.faults.lastResetMs(station.index, deviceCode, atMs);
    if (resetMs === null) return 0;
    const key = `${station.code}/${deviceCode}@${resetMs}`;
    const known = this.resetTotalsWh.get(key);
    if (known !== undefined) return known;
    // A reset months ago costs a walk over its month, so it is walked once.
    const totalWh = this.totalAtWh(station, deviceCode, resetMs);
    this.resetTotalsWh.set(key, totalWh);
    return totalWh;
  }

  private totalAtWh(station: StationPlant, deviceCode: string, atMs: number): number {
    const dayIndex = dayIndexAt(atMs);
    const totals = this.truth.totalsAtStart(dayIndex);
    const { inverters } = this.truth.stationDay(station, dayIndex);
    const knot = (atMs - startOfDayIndexMs(dayIndex)) / KNOT_MS;
    const position = station.inverters.findIndex(({ code }) => code === deviceCode);
    const inverter = station.inverters[position];
    const energy = inverters[position];
    if (inverter !== undefined && energy !== undefined) {
      return (totals[inverter.index] ?? 0) + inverterTodayWh(energy, knot);
    }
    const share = station.meters.find(({ code }) => code === deviceCode)?.share ?? 1;
    return this.truth.meterTotalWh(station, sumOf(station, totals) + sumToday(inverters, knot), share);
  }
}

/**
 * Inverters wake up before they make anything and speak once more after dusk: the counter at both ends of the day is
 * told, and the night between them is seen to have made nothing.
 */
function invertersSpeak(day: StationDay, moment: Moment, intervalMs: number): boolean {
  const { dawnKnot, duskKnot } = day.curve;
  const intervalKnots = intervalMs / KNOT_MS;
  return moment.knot + intervalKnots > dawnKnot && moment.knot - intervalKnots < duskKnot;
}

const sumToday = (inverters: readonly InverterDay[], knot: number): number =>
  inverters.reduce((sum, inverter) => sum + inverterTodayWh(inverter, knot), 0);

const isOut = (day: StationDay, atMs: number): boolean =>
  day.faults.some((fault) => fault.kind === 'outage' && isActive(fault, atMs));

/** True while a fault of the kind strikes the device, alone or with its whole station. */
const hasFault = (day: StationDay, deviceCode: string, kind: FaultKind, atMs: number): boolean =>
  day.faults.some(
    (fault) =>
      fault.kind === kind &&
      (fault.deviceCode === null || fault.deviceCode === deviceCode) &&
      isActive(fault, atMs),
  );

/** A single inverter that makes nothing shows a fault; a station that makes nothing waits for the grid. */
const isFaulty = (day: StationDay, inverter: InverterPlant, atMs: number): boolean =>
  day.faults.some(
    (fault) => fault.kind === 'zero' && fault.deviceCode === inverter.code && isActive(fault, atMs),
  );

function statusOf(seen: { faulty: boolean; activePowerW: number; night: boolean }): DeviceStatus {
  if (seen.faulty) return 'fault';
  if (seen.night) return 'night';
  return seen.activePowerW > 0 ? 'running' : 'standby';
}

const NO_STRINGS = { stringVoltagesDv: null, stringCurrentsCa: null };
const STRING_VOLTAGE_DV = 6200;
const STRING_VOLTAGE_SWING_DV = 250;
const INVERTER_EFFICIENCY = 0.98;

/** Voltage and current of every string: the power of the inverter, shared evenly but for a fixed 2 % and faults. */
function stringsOf(day: StationDay, inverter: InverterPlant, activePowerW: number, atMs: number) {
  const lows = day.faults.filter((fault) => fault.kind === 'string_low' && isActive(fault, atMs));
  const weights = Array.from({ length: inverter.stringCount }, (_, index) => {
    const mismatch = 1 + 0.04 * (unit(inverter.key, index, 7) - 0.5);
    const low = lows.find(
      (fault) => factorOn(fault, inverter) !== 1 && fault.stringIndex % inverter.stringCount === index,
    );
    return mismatch * (low?.factor ?? 1);
  });
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  const voltageDv =
    activePowerW === 0
      ? 0
      : STRING_VOLTAGE_DV +
        Math.round(STRING_VOLTAGE_SWING_DV * unit(inverter.key, Math.floor(atMs / QUARTER_HOUR_MS), 8));
  const currentCa = voltageDv === 0 ? 0 : ((activePowerW / INVERTER_EFFICIENCY) * 1000) / voltageDv;
  return {
    stringVoltagesDv: weights.map(() => voltageDv),
    stringCurrentsCa: weights.map((weight) => Math.round((currentCa * weight) / weightSum)),
  };
}
