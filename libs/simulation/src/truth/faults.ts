import type { FaultKind as ScriptedKind } from '#contracts';
import { KNOT_MS } from './calendar.ts';

/**
 * What can be wrong. The first five change what is really made; the others change only what is told about it.
 *
 * - `outage` the grid is off: nothing is made in the window.
 * - `zero` a station, or one inverter, makes nothing although it could.
 * - `low` a station, or one inverter, makes `factor` of what it could.
 * - `string_low` one string of one inverter makes `factor` of what it could.
 * - `insulation` a station, or one inverter, waits for its insulation to be measured: nothing is made, with code 2062.
 * - `device_silent` a device does not answer its gateway; the others do, and the energy goes on.
 * - `over_voltage` the inverters see a grid 12 % above its nominal voltage, and say so; they go on.
 * - `overheat` the inverters are at 82 °C inside, and say so; they go on.
 * - `offline` the gateway is silent and forgets what it read; the energy goes on, the numbers are used up.
 * - `late_backlog` the gateway is silent and keeps what it read; afterwards it sends it, live readings first.
 * - `counter_reset` the counter of a device begins again at 0 at `fromMs`.
 * - `counter_jump` the counter of a device stands {@link COUNTER_JUMP_WH} higher from `fromMs` on.
 * - `clock_skew` the gateway's clock is `skewMs` ahead (negative: behind).
 * - `lost_messages` the modem drops `share` of the messages without a word; the gateway has them and sends them when asked.
 * - `conflict` after `share` of the messages comes a second one with the same time and number and other values; the
 *   first one is true.
 * - `duplicate` every message is sent twice.
 * - `garbage` once an hour the gateway also sends bytes that nobody can read.
 */
export type FaultKind = ScriptedKind;

/** An injected fault. The window is half-open; `Infinity` means that it never ends. */
export interface Fault {
  kind: FaultKind;
  stationCode: string;
  /** Null: the whole station. */
  deviceCode: string | null;
  fromMs: number;
  toMs: number;
  /** Share of the power that is left; 1 where the fault takes none. */
  factor: number;
  /** Position of the string, from 0, for `string_low`. */
  stringIndex: number;
  skewMs: number;
  /** Share of the messages that `lost_messages` and `conflict` strike. */
  share: number;
}

const ENERGY_KINDS: ReadonlySet<FaultKind> = new Set(['outage', 'zero', 'low', 'string_low', 'insulation']);

/** True where the fault changes what is really made. */
export const takesEnergy = (fault: Fault): boolean => ENERGY_KINDS.has(fault.kind);

/** Share of its power that a fault leaves to an inverter of the station. */
export function factorOn(fault: Fault, inverter: { code: string; stringCount: number }): number {
  if (!takesEnergy(fault)) return 1;
  if (fault.deviceCode !== null && fault.deviceCode !== inverter.code) return 1;
  return fault.kind === 'string_low' ? 1 - (1 - fault.factor) / inverter.stringCount : fault.factor;
}

/** True while the fault lasts. */
export const isActive = (fault: Fault, instantMs: number): boolean =>
  fault.fromMs <= instantMs && instantMs < fault.toMs;

/** What a counter gains in a jump: more than any inverter makes in a day. */
export const COUNTER_JUMP_WH = 7_654_000;

/** Of one instant, whatever its window says; the counter stays changed. */
export const isOfCounter = (fault: Fault): boolean =>
  fault.kind === 'counter_reset' || fault.kind === 'counter_jump';

/** What a fault has unless it says otherwise. */
export const PLAIN_FAULT = {
  deviceCode: null,
  toMs: Infinity,
  factor: 1,
  stringIndex: 0,
  skewMs: 0,
  share: 0,
};

/** Share of the messages that is struck unless a script says otherwise: of five-minute messages, one in two hours. */
export const USUAL_SHARE = 0.04;

/** Energy is known at knots alone, so a fault that takes energy begins and ends at one. */
export function snapToKnots(fault: Fault): Fault {
  if (!takesEnergy(fault)) return fault;
  return {
    ...fault,
    fromMs: Math.floor(fault.fromMs / KNOT_MS) * KNOT_MS,
    toMs: Math.ceil(fault.toMs / KNOT_MS) * KNOT_MS,
  };
}
