/** What a profile can fill in a reading, and in which units a device may say it. */
const QUANTITIES = {
  power: { W: 1, kW: 1e3, MW: 1e6 },
  reactivePower: { var: 1, kvar: 1e3 },
  energy: { Wh: 1, kWh: 1e3, MWh: 1e6 },
  voltage: { V: 1, mV: 1e-3 },
  current: { A: 1, mA: 1e-3 },
  frequency: { Hz: 1, mHz: 1e-3 },
  temperature: { degC: 1 },
  resistance: { kohm: 1, Mohm: 1e3 },
  duration: { h: 1, s: 1 / 3600 },
  ratio: { one: 1, percent: 1e-2 },
} as const satisfies Record<string, Record<string, number>>;
type Quantity = keyof typeof QUANTITIES;

/**
 * Numbers of a reading. `scale` turns the base unit (the first of the quantity) into the whole number that the
 * database keeps; beyond `max` it does not fit its column. Those without a scale have no column: they are shown when a
 * profile is tried, and travel as `extras` in their base unit.
 */
export const TARGETS = {
  active_power: { quantity: 'power', scale: 1, max: 2_147_483_647 },
  energy_total: { quantity: 'energy', scale: 1, max: 1e15 },
  energy_day: { quantity: 'energy', scale: 1, max: 2_147_483_647 },
  temperature: { quantity: 'temperature', scale: 10, max: 32_767 },
  frequency: { quantity: 'frequency', scale: 100, max: 32_767 },
  voltage_ab: { quantity: 'voltage', scale: 10, max: 32_767 },
  voltage_bc: { quantity: 'voltage', scale: 10, max: 32_767 },
  voltage_ca: { quantity: 'voltage', scale: 10, max: 32_767 },
  current_a: { quantity: 'current', scale: 100, max: 2_147_483_647 },
  current_b: { quantity: 'current', scale: 100, max: 2_147_483_647 },
  current_c: { quantity: 'current', scale: 100, max: 2_147_483_647 },
  string_voltage: { quantity: 'voltage', scale: 10, max: 32_767 },
  string_current: { quantity: 'current', scale: 100, max: 32_767 },
  phase_voltage_a_v: { quantity: 'voltage', scale: null, max: 1e6 },
  phase_voltage_b_v: { quantity: 'voltage', scale: null, max: 1e6 },
  phase_voltage_c_v: { quantity: 'voltage', scale: null, max: 1e6 },
  dc_power_w: { quantity: 'power', scale: null, max: 1e10 },
  grid_power_w: { quantity: 'power', scale: null, max: 1e10 },
  reactive_power_var: { quantity: 'reactivePower', scale: null, max: 1e10 },
  power_factor: { quantity: 'ratio', scale: null, max: 1.1 },
  insulation_kohm: { quantity: 'resistance', scale: null, max: 1e9 },
  work_time_h: { quantity: 'duration', scale: null, max: 1e6 },
} as const satisfies Record<string, { quantity: Quantity; scale: number | null; max: number }>;
export type NumberTarget = keyof typeof TARGETS;

/** Targets that are lists over the DC inputs; their rules carry an index or take an array. */
export const STRING_TARGETS: ReadonlySet<string> = new Set<NumberTarget>([
  'string_voltage',
  'string_current',
]);

/** Targets that are no measured number. */
export const CODE_TARGETS = ['status', 'fault_code', 'seq'] as const;

/** Base units per `unit` of a target, or `undefined` where the target is never given in that unit. */
export function unitFactor(target: NumberTarget, unit: string): number | undefined {
  const units: Record<string, number> = QUANTITIES[TARGETS[target].quantity];
  return Object.hasOwn(units, unit) ? units[unit] : undefined;
}

export const isNumberTarget = (target: string): target is NumberTarget => Object.hasOwn(TARGETS, target);
