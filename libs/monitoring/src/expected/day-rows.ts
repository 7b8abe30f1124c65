import {
  attainment,
  dayStartMs,
  fullLoadHours,
  lossOf,
  meterDifference,
  QUARTER_HOUR_MS,
  quantile,
  skyClassOf,
  type SkyHour,
} from '#domain';
import { EXPECTED_FIRST_HOUR, EXPECTED_SLOTS, type ExpectedVerdict } from '#contracts';
import type { Explained } from './day-evidence.ts';
import type { JudgedDay } from './fleet-day.ts';
import type { DeviceFacts } from './expected-types.ts';

/** A row of `station_expected_day`. */
export interface ExpectedDayRow {
  stationId: number;
  day: string;
  expectedEnergyWh: number | null;
  lowEnergyWh: number | null;
  highEnergyWh: number | null;
  energyWh: number | null;
  /** Of the quarter hours that were compared; null where the day is not judged. */
  comparedEnergyWh: number | null;
  comparedExpectedWh: number | null;
  energyComputedAt: string | null;
  skyClass: string | null;
  skyIndex: number | null;
  spread: number | null;
  peers: number;
  ratio: number | null;
  sigma: number | null;
  ownIndex: number | null;
  verdict: ExpectedVerdict;
  sinceDay: string | null;
  cause: string | null;
  evidence: string;
  indicators: string;
  lostEnergyWh: number | null;
  lostAmountFen: string | null;
  isFinal: boolean;
}

/** A row of `station_expected_curve`. */
export interface CurveRow {
  stationId: number;
  day: string;
  firstSlotAt: string;
  expectedPowerW: (number | null)[];
  lowPowerW: (number | null)[];
  highPowerW: (number | null)[];
  neighboursPowerW: (number | null)[];
}

/** From this share of the expected energy in quarter hours without power a station stood still. */
const ZERO_DAY_SHARE = 0.5;
const FIRST_SLOT = EXPECTED_FIRST_HOUR * 4;

/** What is stored of a judged day. */
export function dayRow(judged: JudgedDay, explained: Explained | null, isFinal: boolean): ExpectedDayRow {
  const { station, day, measured, verdict } = judged;
  const found = verdictOf(judged, explained);
  const expected = verdict.isJudged ? verdict.expected : null;
  const lostWh = lostWhOf(judged, found, isFinal);
  const { lossFen } = lossOf([
    { expectedWh: lostWh, energyWh: 0, priceHaoPerKwh: BigInt(measured.priceHaoPerKwh) },
  ]);
  const isLasting = found === 'low' || found === 'very_low' || found === 'zero';
  const known = judged.indices.filter((index) => index !== null);
  return {
    stationId: station.stationId,
    day,
    expectedEnergyWh: expected && Math.round(expected.expectedWh),
    lowEnergyWh: expected && Math.round(expected.lowWh),
    highEnergyWh: expected && Math.round(expected.highWh),
    energyWh: measured.energyWh,
    comparedEnergyWh: expected && Math.round(expected.comparedWh),
    comparedExpectedWh: expected && Math.round(expected.comparedExpectedWh),
    energyComputedAt: measured.energyComputedAt?.toISOString() ?? null,
    skyClass: verdict.isJudged ? skyClassOf(verdict.skyIndex) : null,
    skyIndex: verdict.isJudged ? verdict.skyIndex : null,
    spread: verdict.isJudged ? verdict.spread : null,
    peers: verdict.isJudged ? verdict.peers : 0,
    ratio: expected && Math.exp(expected.deviation),
    sigma: expected && expected.sigma,
    ownIndex: known.length < 4 ? null : known.reduce((sum, index) => sum + index, 0) / known.length,
    verdict: found,
    sinceDay: isLasting ? ((verdict.isJudged ? verdict.sinceDay : null) ?? day) : null,
    cause: causeOf(found, explained),
    evidence: JSON.stringify({
      ...evidenceOf(judged, explained),
      ...(verdict.isJudged ? {} : { reason: verdict.reason }),
    }),
    indicators: JSON.stringify(measured.facts),
    lostEnergyWh: lostWh === null ? null : Math.round(lostWh),
    lostAmountFen: lostWh === null ? null : lossFen.toString(),
    isFinal,
  };
}

/** A day below its band of which nothing is known yet has no cause; `none` is of days that are well. */
function causeOf(found: ExpectedVerdict, explained: Explained | null): string | null {
  const kind = explained?.cause.kind ?? null;
  return found === 'watch' && kind === 'none' ? null : kind;
}

function verdictOf(judged: JudgedDay, explained: Explained | null): ExpectedVerdict {
  const { verdict, isLearning, measured } = judged;
  if (measured.isOutage) return 'excluded';
  if (!verdict.isJudged) return 'not_judged';
  if (verdict.isExcluded) return 'excluded';
  if (explained !== null && explained.zeroShare >= ZERO_DAY_SHARE) return 'zero';
  if (isLearning) return 'learning';
  if (verdict.alarm === 'large') return 'very_low';
  if (verdict.alarm === 'small') return 'low';
  const { deviation, expectedWh, lowWh } = verdict.expected;
  return deviation < Math.log(lowWh / expectedWh) ? 'watch' : 'normal';
}

/** Healthy days miss as often as they exceed: only what is suspected or sure is a loss. Null where it is not judged. */
function lostWhOf(
  { verdict, measured, isByEnergy }: JudgedDay,
  found: ExpectedVerdict,
  isFinal: boolean,
): number | null {
  if (!verdict.isJudged) return null;
  if (found === 'normal' || found === 'learning') return 0;
  const { expectedWh, missingWh } = verdict.expected;
  const isWhole = isFinal && measured.energyWh !== null && measured.isWholeDay && !isByEnergy;
  return isWhole ? Math.max(0, expectedWh - (measured.energyWh ?? 0)) : missingWh;
}

/** The numbers of the day and of its cause, flat, so that a page can show them by their names. */
function evidenceOf(judged: JudgedDay, explained: Explained | null): Record<string, number> {
  const { verdict, isByEnergy } = judged;
  const own: Record<string, unknown> = explained ? { ...explained.cause } : {};
  const numbers: Record<string, number> = {};
  for (const [key, value] of Object.entries(own))
    if (typeof value === 'number' && Number.isFinite(value)) numbers[key] = rounded(value);
  const inverters = explained?.cause.kind === 'inverter' ? explained.cause.inverters : [];
  for (const { id, ratio } of inverters) numbers[`inverter.${id}`] = rounded(Math.exp(ratio) - 1);
  if (explained && explained.zeroShare > 0) numbers['zeroShare'] = rounded(explained.zeroShare);
  if (isByEnergy) numbers['byDayEnergy'] = 1;
  if (!verdict.isJudged) return numbers;
  return { ...numbers, level: rounded(Math.exp(verdict.baselineRatio)) };
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/** Expected power with its band, and the neighbours', by quarter hour from 04:00 to 21:00. */
export function curveRow(judged: JudgedDay, neighbours: readonly JudgedDay[], untilSlot: number): CurveRow {
  const { station, day, clear, sky, verdict } = judged;
  const slots = Array.from({ length: EXPECTED_SLOTS }, (_, index) => FIRST_SLOT + index);
  const expectedW = slots.map((slot): number | null => {
    if (!verdict.isJudged || slot >= untilSlot) return null;
    const clearW = clear.clearW[slot] ?? 0;
    if (clearW === 0) return 0;
    const index = smoothIndex(sky, slot);
    return index === null ? null : clearW * index * Math.exp(verdict.baselineRatio);
  });
  const share = (wh: number): number =>
    verdict.isJudged && verdict.expected.expectedWh > 0 ? wh / verdict.expected.expectedWh : 1;
  const low = verdict.isJudged ? share(verdict.expected.lowWh) : 1;
  const high = verdict.isJudged ? share(verdict.expected.highWh) : 1;
  const times = (factor: number) =>
    expectedW.map((powerW) => (powerW === null ? null : Math.round(powerW * factor)));
  return {
    stationId: station.stationId,
    day,
    firstSlotAt: new Date(dayStartMs(day) + FIRST_SLOT * QUARTER_HOUR_MS).toISOString(),
    expectedPowerW: times(1),
    lowPowerW: times(low),
    highPowerW: times(high),
    neighboursPowerW: slots.map((slot) => {
      const perW = neighbours.flatMap((near) => {
        const powerW = near.isByEnergy ? null : (near.powersW[slot] ?? null);
        return powerW === null ? [] : [powerW / near.station.capacityW];
      });
      const middle = perW.length < 3 ? null : quantile(perW, 0.5);
      return middle === null ? null : Math.round(middle * station.capacityW);
    }),
  };
}

/** The hours' indices joined by lines from middle to middle; where only one side is told, that one. */
function smoothIndex(sky: readonly (SkyHour | null)[], slot: number): number | null {
  const at = (slot + 0.5) / 4 - 0.5;
  const hour = Math.floor(at);
  const before = sky[hour] ?? nearest(sky, hour, -1);
  const after = sky[hour + 1] ?? nearest(sky, hour + 1, 1);
  if (before === null || after === null) return (before ?? after)?.index ?? null;
  return before.index + (after.index - before.index) * (at - hour);
}

function nearest(sky: readonly (SkyHour | null)[], hour: number, step: 1 | -1): SkyHour | null {
  for (let at = hour; at >= 0 && at < sky.length; at += step) {
    const here = sky[at] ?? null;
    if (here !== null) return here;
  }
  return null;
}

/** Figures of a day as the indicators have them; null is not known. */
export function figuresOf(input: {
  energyWh: number | null;
  expectedWh: number | null;
  capacityW: number;
  facts: DeviceFacts;
}) {
  const { energyWh, expectedWh, capacityW, facts } = input;
  return {
    fullLoadHours: fullLoadHours(energyWh, capacityW),
    attainment: attainment(energyWh, expectedWh),
    meterDifference: meterDifference(facts.invertersWh, facts.meterWh)?.share ?? null,
  };
}
