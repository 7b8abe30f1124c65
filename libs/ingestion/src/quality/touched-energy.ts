import { QUARTER_HOUR_MS, quarterHourStartMs } from '#domain';
import type { QualityDevice, QuarterHour } from './quality-facts.ts';

/** A stretch of time in which the values of a device are not to be relied on. Both ends are included. */
export interface TouchedSpan {
  deviceId: number;
  fromMs: number;
  toMs: number;
  /** Nothing came, so there may be nothing booked either. */
  isGap: boolean;
}

interface Sources {
  devices: readonly QualityDevice[];
  quarterHours: readonly QuarterHour[];
  /** What a quarter hour of a gap is worth where nothing is booked for it ({@link gapEnergyWh}). */
  gapWh: ReadonlyMap<number, number>;
}

/**
 * Energy of a station, in Wh, that rests on the values within the spans: what is booked in their quarter hours, by the
 * share that the devices concerned have in the rated power of their kind. A quarter hour is counted once however many
 * spans reach into it, so the result is at most the energy of the quarter hours. Null where none of them has an energy.
 * An estimate that says where to look first; it is never booked anywhere.
 */
export function touchedEnergyWh(spans: readonly TouchedSpan[], sources: Sources): number | null {
  const touched = new Map<number, { deviceIds: Set<number>; isGap: boolean }>();
  for (const { deviceId, fromMs, toMs, isGap } of spans)
    for (let slotMs = quarterHourStartMs(fromMs); slotMs <= toMs; slotMs += QUARTER_HOUR_MS) {
      const slot = touched.get(slotMs) ?? { deviceIds: new Set(), isGap: false };
      slot.deviceIds.add(deviceId);
      slot.isGap ||= isGap;
      touched.set(slotMs, slot);
    }
  const booked = new Map(sources.quarterHours.map(({ startMs, energyWh }) => [startMs, energyWh]));
  let sumWh: number | null = null;
  for (const [slotMs, { deviceIds, isGap }] of touched) {
    const energyWh = booked.get(slotMs) ?? (isGap ? sources.gapWh.get(slotMs) : undefined);
    if (energyWh === undefined) continue;
    sumWh = (sumWh ?? 0) + Math.max(0, energyWh) * shareOf(deviceIds, sources.devices);
  }
  return sumWh === null ? null : Math.round(sumWh);
}

/**
 * What the quarter hours of gaps are worth for which nothing is booked. Where a counter went on counting, the energy of
 * the day holds what was made in them: it is spread over them evenly. Else it is what the neighbours' sky would have
 * given. A quarter hour of which neither is known is left out.
 */
export function gapEnergyWh(question: {
  gaps: readonly { fromMs: number; toMs: number }[];
  quarterHours: readonly QuarterHour[];
  dayWh: number | null;
  expectedWh: ReadonlyMap<number, number>;
}): Map<number, number> {
  const { gaps, quarterHours, dayWh, expectedWh } = question;
  const booked = new Set(quarterHours.map(({ startMs }) => startMs));
  const open = new Set<number>();
  for (const { fromMs, toMs } of gaps)
    for (let slotMs = quarterHourStartMs(fromMs); slotMs <= toMs; slotMs += QUARTER_HOUR_MS)
      if (!booked.has(slotMs)) open.add(slotMs);
  const bookedWh = quarterHours.reduce((sum, { energyWh }) => sum + energyWh, 0);
  const unplacedWh = (dayWh ?? 0) - bookedWh;
  return new Map(
    [...open].flatMap((slotMs): [number, number][] => {
      const energyWh = unplacedWh > 0 ? unplacedWh / open.size : expectedWh.get(slotMs);
      return energyWh === undefined ? [] : [[slotMs, energyWh]];
    }),
  );
}

/** Share of the devices in the rated power of the devices of their kind; of two kinds the larger one. */
function shareOf(deviceIds: ReadonlySet<number>, devices: readonly QualityDevice[]): number {
  const shares = [...Map.groupBy(devices, ({ kind }) => kind).values()].map((same) => {
    const power = (list: readonly QualityDevice[]) =>
      list.reduce((sum, { ratedPowerW }) => sum + Math.max(1, ratedPowerW), 0);
    return power(same.filter(({ deviceId }) => deviceIds.has(deviceId))) / power(same);
  });
  return Math.max(0, ...shares);
}
