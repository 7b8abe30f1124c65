import type { ProfileInput } from '../profile.ts';

type FieldInput = NonNullable<ProfileInput['fields']>[number];
type Options = Partial<Omit<FieldInput, 'target' | 'paths' | 'unit'>>;

/**
 * Ranges that no device on a roof in Shanxi leaves. They catch "not available" codes that were scaled on the way
 * (6553.5 °C) and are on no list; the power is held against the rating of the device when that is known.
 */
const RANGES: Record<string, { min?: number; max?: number }> = {
  energy_total: { min: 0, max: 1e12 },
  energy_day: { min: 0, max: 1e9 },
  temperature: { min: -60, max: 150 },
  frequency: { min: 0, max: 70 },
  voltage: { min: 0, max: 2_000 },
  current: { min: -5, max: 3_000 },
  string_current: { min: -5, max: 100 },
};

/** A rule with the believable range of its target; paths may be alternatives. */
export function field(
  target: FieldInput['target'],
  paths: string | string[],
  unit?: string,
  options: Options = {},
): FieldInput {
  const kind = /^(voltage|current)_(ab|bc|ca|a|b|c)$/.exec(target)?.[1] ?? target;
  const range = RANGES[target] ?? RANGES[/voltage/.test(target) ? 'voltage' : kind] ?? {};
  return {
    target,
    paths: typeof paths === 'string' ? [paths] : paths,
    ...(unit === undefined ? {} : { unit }),
    ...range,
    ...options,
  };
}

/** The DC inputs `from` to `to`, counted from 1 as vendors do; `path` makes the key of an input. */
export function strings(
  target: 'string_voltage' | 'string_current',
  { from = 1, to }: { from?: number; to: number },
  path: (input: number) => string | string[],
  options: Options = {},
): FieldInput[] {
  const unit = target === 'string_voltage' ? 'V' : 'A';
  return Array.from({ length: to - from + 1 }, (_, step) =>
    field(target, path(from + step), unit, { ...options, index: from + step - 1 }),
  );
}

/** "Not implemented" of Modbus registers as raw values. */
export const NONE_U16 = [65_535];
export const NONE_I16 = [32_767, -32_768];
export const NONE_U32 = [4_294_967_295];
export const NONE_I32 = [2_147_483_647, -2_147_483_648];

/** Devices without a zone are set to the time of the place. */
export const SHANGHAI = 'Asia/Shanghai';

/** The statuses of the house by their own names, for platforms on which people name their points themselves. */
export const HOUSE_STATUSES = {
  running: 'running',
  limited: 'limited',
  standby: 'standby',
  night: 'night',
  fault: 'fault',
  stopped: 'stopped',
  comm_lost: 'comm_lost',
} as const;

/** Names that say quantity and unit, as the native protocol and many points on platforms do. */
export const SPEAKING_FIELDS: FieldInput[] = [
  field('active_power', ['p_kw', 'active_power_kw', 'pac_kw'], 'kW'),
  field('active_power', ['p_w', 'active_power_w', 'pac_w'], 'W'),
  field('energy_total', ['e_total_wh', 'energy_total_wh'], 'Wh'),
  field('energy_total', ['e_total_kwh', 'energy_total_kwh'], 'kWh'),
  field('energy_day', ['e_day_wh', 'energy_day_wh'], 'Wh'),
  field('energy_day', ['e_day_kwh', 'energy_day_kwh'], 'kWh'),
  field('temperature', ['t_c', 'temp_c', 'temperature_c'], 'degC'),
  field('frequency', ['freq_hz', 'frequency_hz'], 'Hz'),
  field('voltage_ab', ['uab', 'voltage_ab_v'], 'V'),
  field('voltage_bc', ['ubc', 'voltage_bc_v'], 'V'),
  field('voltage_ca', ['uca', 'voltage_ca_v'], 'V'),
  field('current_a', ['ia', 'current_a_a'], 'A'),
  field('current_b', ['ib', 'current_b_a'], 'A'),
  field('current_c', ['ic', 'current_c_a'], 'A'),
  field('phase_voltage_a_v', ['u_v', 'ua'], 'V'),
  field('status', 'status'),
  field('fault_code', 'fault_code'),
];

/** Names of points in thing models of Chinese platforms; power in kW, energy in kWh. */
export const THING_MODEL_FIELDS: FieldInput[] = [
  field('active_power', ['ActivePower', 'activePower', 'Power', 'Pac'], 'kW'),
  field('energy_total', ['TotalEnergy', 'totalEnergy', 'TotalPowerGeneration'], 'kWh'),
  field('energy_day', ['DailyEnergy', 'dailyEnergy', 'DayEnergy', 'DailyPowerGeneration'], 'kWh'),
  field('temperature', ['Temperature', 'temperature', 'temp', 'InsideAirTemperature'], 'degC'),
  field('frequency', ['Frequency', 'frequency'], 'Hz'),
  field('voltage_ab', ['Uab', 'uab'], 'V'),
  field('voltage_bc', ['Ubc', 'ubc'], 'V'),
  field('voltage_ca', ['Uca', 'uca'], 'V'),
  field('current_a', ['Ia', 'ia'], 'A'),
  field('current_b', ['Ib', 'ib'], 'A'),
  field('current_c', ['Ic', 'ic'], 'A'),
  field('dc_power_w', ['Pdc', 'pdc'], 'kW'),
  field('reactive_power_var', ['ReactivePower', 'Qac'], 'kvar'),
  field('power_factor', ['PowerFactor', 'Cos'], 'one'),
  field('status', ['RunState', 'runState', 'DevWorkStatus', 'status']),
  field('fault_code', ['FaultCode', 'faultCode'], undefined, { notAvailable: [0] }),
];
