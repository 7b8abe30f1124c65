import { QUARTER_HOURS_PER_DAY } from '#domain';
import { keyOf, unit } from '#simulation';
import type { TrueDay, World, WorldStation } from './world.ts';

/** What is done to a station, with the truth that the method has to find. */
const EVENT_KINDS = [
  'step_5',
  'step_8',
  'step_10',
  'step_20',
  'step_30',
  'step_50',
  'inverter',
  'inverter_3',
  'zero',
  'trip',
  'soiling',
  'shading',
  'clock',
  'curtailment',
  'bad_data',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface InjectedEvent {
  kind: EventKind;
  stationId: string;
  /** Days of the world, half-open. */
  fromDay: number;
  toDay: number;
  /** Share of the power taken; minutes for `clock`; share per day for `soiling`. */
  size: number;
  /** Inverter that is struck, by position. */
  inverter: number;
}

/** A day as it is reported, and what was really lost. */
export interface ReportedDay {
  powersW: (number | null)[];
  inverterWh: (number | null)[];
  lostWh: number;
  gridLimited: boolean;
}

const STEP_SIZES: Partial<Record<EventKind, number>> = {
  step_5: 0.05,
  step_8: 0.08,
  step_10: 0.1,
  step_20: 0.2,
  step_30: 0.3,
  step_50: 0.5,
};
const EVENT_DAYS = 36;
const QUIET_DAYS = 50;
/** Rounds that stay healthy, so that false alarms can be counted; about one station in eight is sick on a day. */
const HEALTHY_SHARE = 0.7;
const GAP_CHANCE = 0.03;

/** Events from `firstDay` on: a round every 86 days, three in ten with one, another start at each station. */
export function injectEvents(world: World, firstDay: number, dayCount: number): InjectedEvent[] {
  const events: InjectedEvent[] = [];
  for (const station of world.stations) {
    const key = keyOf(world.seed, 'events', station.id);
    let fromDay = firstDay + Math.floor(unit(key, 1) * 30);
    for (let round = 0; fromDay + EVENT_DAYS <= dayCount; round += 1, fromDay += EVENT_DAYS + QUIET_DAYS) {
      if (unit(key, 10 + round) < HEALTHY_SHARE) continue;
      const kind = EVENT_KINDS[Math.floor(unit(key, 30 + round) * EVENT_KINDS.length)] ?? 'step_10';
      events.push(eventOf(station, kind, fromDay, unit(key, 50 + round)));
    }
  }
  return events;
}

function eventOf(station: WorldStation, kind: EventKind, fromDay: number, luck: number): InjectedEvent {
  const days: Partial<Record<EventKind, number>> = {
    trip: 1,
    zero: 6,
    curtailment: 14,
    clock: 20,
    bad_data: 10,
  };
  const sizes: Partial<Record<EventKind, number>> = {
    inverter: 1,
    inverter_3: 0.03,
    zero: 1,
    trip: 1,
    soiling: 0.002 + 0.003 * luck,
    shading: 0.7,
    clock: (luck < 0.5 ? -1 : 1) * (20 + 60 * luck),
    curtailment: 0.35,
    bad_data: 0,
  };
  return {
    kind,
    stationId: station.id,
    fromDay,
    toDay: fromDay + (days[kind] ?? EVENT_DAYS),
    size: STEP_SIZES[kind] ?? sizes[kind] ?? 0,
    inverter: Math.floor(luck * station.inverterShares.length),
  };
}

/** Share of the power that an event leaves, by quarter hour and inverter. */
function leftOf(event: InjectedEvent, day: number, slot: number, inverter: number): number {
  switch (event.kind) {
    case 'inverter':
    case 'inverter_3':
      return inverter === event.inverter ? 1 - event.size : 1;
    case 'zero':
      return 0;
    case 'trip':
      return slot >= 44 && slot < 54 ? 0 : 1;
    case 'soiling':
      return 1 - event.size * (day - event.fromDay + 1);
    case 'shading':
      return slot >= 58 ? 1 - event.size : 1;
    case 'clock':
    case 'curtailment':
    case 'bad_data':
      return 1;
    case 'step_5':
    case 'step_8':
    case 'step_10':
    case 'step_20':
    case 'step_30':
    case 'step_50':
      return 1 - event.size;
  }
}

/**
 * The day as the gateway reports it. Curtailment holds all stations of a township at a level from 10:00 to 15:00; a
 * clock moves the readings; bad data are one reading repeated; now and then hours are missing.
 */
export function reportDay(
  station: WorldStation,
  truth: TrueDay,
  event: InjectedEvent | undefined,
  curtailed: boolean,
  day: number,
): ReportedDay {
  const shares = station.inverterShares;
  const inverterW = shares.map((share, inverter) =>
    Array.from(
      truth.powersW,
      (powerW, slot) => powerW * share * (event ? leftOf(event, day, slot, inverter) : 1),
    ),
  );
  const totalsW = Array.from({ length: QUARTER_HOURS_PER_DAY }, (_, slot) => {
    const sumW = inverterW.reduce((sum, powersW) => sum + (powersW[slot] ?? 0), 0);
    const levelW = 0.4 * station.place.capacityW;
    const held = curtailed && slot >= 40 && slot < 60 && sumW > levelW;
    return held ? levelW * (1 + 0.001 * (unit(station.key, day * 96 + slot, 3) - 0.5)) : sumW;
  });
  const lostWh = truth.powersW.reduce((sum, powerW, slot) => sum + (powerW - (totalsW[slot] ?? 0)) / 4, 0);
  const told: (number | null)[] = tell(totalsW, event).map((powerW) => Math.round(powerW));
  if (unit(station.key, day, 4) < GAP_CHANCE) {
    const from = 24 + Math.floor(40 * unit(station.key, day, 5));
    told.fill(null, from, from + 4 + Math.floor(20 * unit(station.key, day, 6)));
  }
  const inverterWh = inverterW.map(
    (powersW, inverter) =>
      powersW.reduce((sum, powerW) => sum + powerW / 4, 0) *
      (1 + 0.004 * (unit(station.key, day * 64 + inverter, 7) * 2 - 1)),
  );
  return { powersW: told, inverterWh, lostWh, gridLimited: curtailed && unit(station.key, day, 8) < 0.7 };
}

function tell(totalsW: readonly number[], event: InjectedEvent | undefined): number[] {
  if (event?.kind === 'bad_data')
    return totalsW.map((powerW, slot) => (slot >= 40 ? (totalsW[40] ?? 0) : powerW));
  if (event?.kind !== 'clock') return [...totalsW];
  const shift = event.size / 15;
  return totalsW.map((_, slot) => {
    const from = slot - shift;
    const whole = Math.floor(from);
    const before = totalsW[whole] ?? 0;
    return before + ((totalsW[whole + 1] ?? 0) - before) * (from - whole);
  });
}
