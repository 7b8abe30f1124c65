import type { StationEvent } from '#contracts';
import { DAY_MS, dayStartMs } from '#domain';

/** Where an event lies on the axis of a day, in shares of it. */
export interface PlacedEvent {
  event: StationEvent;
  left: number;
  width: number;
  /** Row of the strip, so that events that overlap stay apart. */
  row: number;
}

/** The narrowest an event is drawn: a moment has to be seen and hit. */
const NARROWEST = 0.012;
const ROWS_MAX = 4;

/** Places events on the axis of a day; beyond four rows the last one is shared. */
export function placeEvents(events: readonly StationEvent[], day: string, nowMs: number): PlacedEvent[] {
  const startMs = dayStartMs(day);
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - startMs) / DAY_MS));
  const ends: number[] = [];
  return events.map((event) => {
    const left = Math.min(share(Date.parse(event.fromAt)), 1 - NARROWEST);
    const endMs =
      event.toAt !== null ? Date.parse(event.toAt) : event.isOpen ? nowMs : Date.parse(event.fromAt);
    const isMoment =
      event.toAt === null && !['alarm', 'work_order', 'registered_outage'].includes(event.kind);
    const width = isMoment ? NARROWEST : Math.max(NARROWEST, share(endMs) - left);
    const free = ends.findIndex((end) => end <= left);
    const row = free >= 0 ? free : Math.min(ends.length, ROWS_MAX - 1);
    ends[row] = left + width;
    return { event, left, width, row };
  });
}
