import type { Fleet, StationPower } from '#contracts';

/** What a quarter hour says about its own truth. `future` and `night` are no trouble; `none` is a gap. */
export type SlotKind = 'measured' | 'partial' | 'estimated' | 'incomplete' | 'none' | 'night' | 'future';
export interface SlotMark {
  startsAt: string;
  kind: SlotKind;
  stationsCounted: number | null;
}

const SLOT_MS = 900_000;
/**
 * A slot of the city with fewer stations than this share is marked. Some of 468 stations are always away (461 is a
 * usual day), so marking each missing one would mark every slot.
 */
const PARTIAL_BELOW = 0.95;

interface Daylight {
  sunriseAt: string;
  sunsetAt: string;
  asOf: string;
}

/** A gap counts as one only in daylight: inverters sleep at night, and the night shading says so already. */
function emptyKind(startsAt: string, { sunriseAt, sunsetAt, asOf }: Daylight): SlotKind {
  const startMs = Date.parse(startsAt);
  if (startMs + SLOT_MS > Date.parse(asOf)) return 'future';
  const isNight = startMs + SLOT_MS <= Date.parse(sunriseAt) || startMs >= Date.parse(sunsetAt);
  return isNight ? 'night' : 'none';
}

/** Marks of the city's curve. */
export function fleetSlotMarks(fleet: Pick<Fleet, 'curve' | 'sun' | 'asOf' | 'stations'>): SlotMark[] {
  const daylight = { ...fleet.sun, asOf: fleet.asOf };
  return fleet.curve.slots.map((slot) => {
    const isPartial = slot.stationsCounted < PARTIAL_BELOW * fleet.stations.total;
    const kind =
      slot.powerW === null ? emptyKind(slot.startsAt, daylight) : isPartial ? 'partial' : 'measured';
    return { startsAt: slot.startsAt, kind, stationsCounted: slot.stationsCounted };
  });
}

/**
 * Yesterday as a line to compare with: a quarter hour of few stations is unknown there, because the strip that marks
 * partial slots belongs to today and a sum of six stations would read as a collapse.
 */
export function comparableSlots(fleet: Pick<Fleet, 'curve' | 'stations'>): Fleet['curve']['yesterday'] {
  return fleet.curve.yesterday.map((slot) =>
    slot.stationsCounted < PARTIAL_BELOW * fleet.stations.total ? { ...slot, powerW: null } : slot,
  );
}

/** Marks of a station's day. */
export function stationSlotMarks(power: StationPower): SlotMark[] {
  return power.slots.map((slot) => ({
    startsAt: slot.startsAt,
    kind:
      slot.powerW === null && slot.energyWh === null
        ? emptyKind(slot.startsAt, power)
        : slot.quality === 'none'
          ? 'incomplete'
          : slot.quality,
    stationsCounted: null,
  }));
}

/** Runs of gaps, joined where they touch, as pairs of epoch ms. */
export function gapRanges(marks: readonly SlotMark[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const { startsAt, kind } of marks) {
    if (kind !== 'none') continue;
    const startMs = Date.parse(startsAt);
    const last = ranges.at(-1);
    if (last && last[1] === startMs) last[1] = startMs + SLOT_MS;
    else ranges.push([startMs, startMs + SLOT_MS]);
  }
  return ranges;
}
