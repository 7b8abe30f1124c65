import type { Fleet, StationPower } from '#contracts';

/** What a quarter hour says about its own truth. `future` and `night` are no trouble; `none` and `partial` are gaps. */
export type SlotKind = 'measured' | 'partial' | 'estimated' | 'incomplete' | 'none' | 'night' | 'future';
export interface SlotMark {
  startsAt: string;
  kind: SlotKind;
  stationsCounted: number | null;
}

const SLOT_MS = 900_000;
/**
 * A slot of the city with fewer stations than this share of the day's fullest slot is no sum of the city. Some of 468
 * stations are always away (461 is a usual day), so a rule without slack would leave no curve.
 */
const PARTIAL_BELOW = 0.95;
/** The readings of a quarter hour come in over two reporting intervals after its end; until then it is not over. */
const SETTLING_MS = 600_000;

type CurveSlots = Fleet['curve']['slots'];
interface Daylight {
  sunriseAt: string;
  sunsetAt: string;
  asOf: string;
}

/** A gap counts as one only in daylight: inverters sleep at night, and the night shading says so already. */
function emptyKind(startsAt: string, { sunriseAt, sunsetAt, asOf }: Daylight): SlotKind {
  const startMs = Date.parse(startsAt);
  if (startMs + SLOT_MS + SETTLING_MS > Date.parse(asOf)) return 'future';
  const isNight = startMs + SLOT_MS <= Date.parse(sunriseAt) || startMs >= Date.parse(sunsetAt);
  return isNight ? 'night' : 'none';
}

/**
 * The slots of a day as a line: a quarter hour that fewer than 95 % of the stations of the day's fullest one are in is
 * unknown. Drawn as it is, a hole in the data would read as power that was lost.
 */
export function comparableSlots(slots: CurveSlots): CurveSlots {
  const most = Math.max(0, ...slots.map(({ stationsCounted }) => stationsCounted));
  return slots.map((slot) =>
    slot.stationsCounted < PARTIAL_BELOW * most ? { ...slot, powerW: null } : slot,
  );
}

/** Marks of the city's curve: what `comparableSlots` leaves unknown is a gap in daylight, `partial` with some data. */
export function fleetSlotMarks(
  fleet: Pick<Fleet, 'sun' | 'asOf'> & { curve: Pick<Fleet['curve'], 'slots'> },
): SlotMark[] {
  const daylight = { ...fleet.sun, asOf: fleet.asOf };
  return comparableSlots(fleet.curve.slots).map(({ startsAt, powerW, stationsCounted }) => {
    const empty = emptyKind(startsAt, daylight);
    const kind = powerW !== null ? 'measured' : empty === 'none' && stationsCounted > 0 ? 'partial' : empty;
    return { startsAt, kind, stationsCounted };
  });
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

/** Runs of gaps, without data or with too few stations, joined where they touch, as pairs of epoch ms. */
export function gapRanges(marks: readonly SlotMark[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const { startsAt, kind } of marks) {
    if (kind !== 'none' && kind !== 'partial') continue;
    const startMs = Date.parse(startsAt);
    const last = ranges.at(-1);
    if (last && last[1] === startMs) last[1] = startMs + SLOT_MS;
    else ranges.push([startMs, startMs + SLOT_MS]);
  }
  return ranges;
}
