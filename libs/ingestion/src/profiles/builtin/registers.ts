import type { ProfileInput } from '../profile.ts';
import { HUAWEI_STATUSES, SUNGROW_STATUSES } from './register-statuses.ts';
import {
  field,
  NONE_I16,
  NONE_I32,
  NONE_U16,
  NONE_U32,
  SHANGHAI,
  strings,
  THING_MODEL_FIELDS,
} from './rules.ts';

const u16 = (divisor: number) => ({ divisor, notAvailable: NONE_U16 });
const i16 = (divisor: number) => ({ divisor, notAvailable: NONE_I16, signedBits: 16 as const });
const u32 = (divisor: number) => ({ divisor, notAvailable: NONE_U32 });
const i32 = (divisor: number) => ({ divisor, notAvailable: NONE_I32, signedBits: 32 as const });

/** A gateway that reads registers sends them as a JSON of register → raw value; 32-bit values under their first. */
const registers = {
  payload: 'json',
  encoding: 'utf-8-or-gbk',
  containers: ['registers', ''],
  identity: [
    [
      { from: 'root', path: 'sn' },
      { from: 'topic', name: 'device' },
    ],
  ],
  time: {
    sources: [
      { place: { from: 'root', path: 'ts' }, format: 'epoch_ms' },
      { place: { from: 'root', path: 'ts' }, format: 'iso', zone: SHANGHAI },
    ],
  },
} satisfies Partial<ProfileInput>;

/** MPPT inputs of Sungrow stand in three runs of registers, voltage and current in turn. */
const sungrowInput = (input: number) =>
  input <= 3 ? 5_009 + 2 * input : input <= 8 ? 5_107 + 2 * input : 5_112 + 2 * input;

const huawei: ProfileInput = {
  ...registers,
  id: 'huawei-sun2000',
  name: { zh: '华为 SUN2000 寄存器', en: 'Huawei SUN2000 registers' },
  topics: ['sun2000/{device}/registers'],
  fields: [
    field('active_power', '32080', 'W', i32(1)),
    field('energy_total', '32106', 'kWh', u32(100)),
    field('energy_day', '32114', 'kWh', u32(100)),
    field('temperature', '32087', 'degC', i16(10)),
    field('frequency', '32085', 'Hz', u16(100)),
    field('voltage_ab', '32066', 'V', u16(10)),
    field('voltage_bc', '32067', 'V', u16(10)),
    field('voltage_ca', '32068', 'V', u16(10)),
    field('phase_voltage_a_v', '32069', 'V', u16(10)),
    field('phase_voltage_b_v', '32070', 'V', u16(10)),
    field('phase_voltage_c_v', '32071', 'V', u16(10)),
    field('current_a', '32072', 'A', i32(1000)),
    field('current_b', '32074', 'A', i32(1000)),
    field('current_c', '32076', 'A', i32(1000)),
    field('dc_power_w', '32064', 'W', i32(1)),
    field('reactive_power_var', '32082', 'var', i32(1)),
    field('power_factor', '32084', 'one', i16(1000)),
    field('insulation_kohm', '32088', 'Mohm', u16(1000)),
    ...strings('string_voltage', { to: 24 }, (input) => String(32_014 + 2 * input), i16(10)),
    ...strings('string_current', { to: 24 }, (input) => String(32_015 + 2 * input), i16(100)),
    field('status', '32089'),
    field('fault_code', '32090', undefined, { notAvailable: [0] }),
  ],
  statuses: HUAWEI_STATUSES,
};

const sungrow: ProfileInput = {
  ...registers,
  id: 'sungrow-sg',
  name: { zh: '阳光电源 SG 寄存器', en: 'Sungrow SG registers' },
  topics: ['sungrow/{device}/registers'],
  fields: [
    field('active_power', '5031', 'W', u32(1)),
    // Tenths of a kWh where the model has them, else whole kWh.
    field('energy_total', '5144', 'kWh', u32(10)),
    field('energy_total', '5004', 'kWh', u32(1)),
    field('energy_day', '5003', 'kWh', u16(10)),
    field('temperature', '5008', 'degC', i16(10)),
    field('frequency', '5036', 'Hz', u16(10)),
    field('voltage_ab', '5019', 'V', u16(10)),
    field('voltage_bc', '5020', 'V', u16(10)),
    field('voltage_ca', '5021', 'V', u16(10)),
    field('current_a', '5022', 'A', u16(10)),
    field('current_b', '5023', 'A', u16(10)),
    field('current_c', '5024', 'A', u16(10)),
    field('dc_power_w', '5017', 'W', u32(1)),
    field('reactive_power_var', '5033', 'var', i32(1)),
    field('power_factor', '5035', 'one', i16(1000)),
    field('insulation_kohm', '5071', 'kohm', u16(1)),
    field('work_time_h', '5006', 'h', u32(1)),
    ...strings('string_voltage', { to: 12 }, (input) => String(sungrowInput(input)), u16(10)),
    ...strings('string_current', { to: 12 }, (input) => String(sungrowInput(input) + 1), u16(10)),
    field('status', '5038'),
  ],
  statuses: SUNGROW_STATUSES,
};

/** Names of the model's points are fixed by SunSpec; the scale of each value comes with the message. */
const sunspec: ProfileInput = {
  id: 'sunspec-json',
  name: { zh: 'SunSpec 101–103（JSON）', en: 'SunSpec 101 to 103 (JSON)' },
  topics: ['sunspec/+'],
  payload: 'json',
  identity: [[{ from: 'root', path: 'sn' }]],
  time: { sources: [{ place: { from: 'root', path: 'ts' }, format: 'iso' }] },
  fields: [
    field('active_power', 'W', 'W', { scalePath: 'W_SF', notAvailable: NONE_I16 }),
    // acc32 has no other way to say "not accumulated" than 0.
    field('energy_total', 'WH', 'Wh', { scalePath: 'WH_SF', notAvailable: [0, ...NONE_I32, ...NONE_U32] }),
    field('frequency', 'Hz', 'Hz', { scalePath: 'Hz_SF', notAvailable: NONE_U16 }),
    field('voltage_ab', 'PPVphAB', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('voltage_bc', 'PPVphBC', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('voltage_ca', 'PPVphCA', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('phase_voltage_a_v', 'PhVphA', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('phase_voltage_b_v', 'PhVphB', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('phase_voltage_c_v', 'PhVphC', 'V', { scalePath: 'V_SF', notAvailable: NONE_U16 }),
    field('current_a', 'AphA', 'A', { scalePath: 'A_SF', notAvailable: NONE_U16 }),
    field('current_b', 'AphB', 'A', { scalePath: 'A_SF', notAvailable: NONE_U16 }),
    field('current_c', 'AphC', 'A', { scalePath: 'A_SF', notAvailable: NONE_U16 }),
    field('dc_power_w', 'DCW', 'W', { scalePath: 'DCW_SF', notAvailable: NONE_I16 }),
    field('temperature', 'TmpCab', 'degC', { scalePath: 'Tmp_SF', notAvailable: NONE_I16 }),
    field('status', 'St'),
  ],
  statuses: {
    1: 'stopped',
    2: 'night',
    3: 'standby',
    4: 'running',
    5: 'limited',
    6: 'standby',
    7: 'fault',
    8: 'standby',
  },
};

const collector: ProfileInput = {
  ...registers,
  id: 'collector-points',
  name: { zh: '采集器点表（DailyPowerGeneration…）', en: 'Collector point list (DailyPowerGeneration…)' },
  topics: ['collector/{device}/points'],
  containers: ['points', ''],
  fields: [
    ...THING_MODEL_FIELDS,
    field('work_time_h', 'TotalRunTime', 'h'),
    ...strings('string_voltage', { to: 28 }, (input) => `Udc${input}`),
    ...strings('string_current', { to: 28 }, (input) => `Idc${input}`),
  ],
};

/**
 * IEC 60870-5-104 through a gateway. The point numbers are those of one county's dispatch list and are to be replaced
 * by the station's own. A value that is invalid, not topical, blocked, substituted or overflowed is not used.
 */
const iec104: ProfileInput = {
  id: 'iec104-json',
  name: { zh: 'IEC 104 网关（JSON）', en: 'IEC 104 gateway (JSON)' },
  topics: ['iec104/{gateway}/data'],
  payload: 'json',
  containers: ['points'],
  item: {
    key: 'ioa',
    value: 'v',
    badWhen: ['q.iv', 'q.nt', 'q.sb', 'q.bl', 'q.ov', 'iv'].map((path) => ({ path, equals: [1, true] })),
  },
  identity: [[{ from: 'topic', name: 'gateway' }], [{ from: 'root', path: 'ca' }]],
  time: {
    sources: (['iso', 'cp56'] as const).map((format) => ({
      place: { from: 'root', path: 'ts' },
      format,
      zone: SHANGHAI,
      invalidWhen: [{ place: { from: 'root', path: 'iv_time' }, equals: [true, 1] }],
      summerWhen: [{ place: { from: 'root', path: 'su' }, equals: [true, 1] }],
    })),
  },
  fields: [
    field('active_power', '16385', 'kW'),
    field('reactive_power_var', '16386', 'kvar'),
    field('energy_total', '25601', 'kWh', { divisor: 10 }),
  ],
  // Cause 20 answers a general interrogation: the station repeats what it has.
  notNewWhen: [{ place: { from: 'root', path: 'cot' }, equals: [20] }],
};

const sparkplug: ProfileInput = {
  id: 'sparkplug-b',
  name: { zh: 'Sparkplug B', en: 'Sparkplug B' },
  topics: ['spBv1.0/STATE/{host}', 'spBv1.0/{group}/{type}/{edge}', 'spBv1.0/{group}/{type}/{edge}/{device}'],
  payload: 'sparkplug-b',
  identity: [
    [{ from: 'topic', name: 'group' }],
    [{ from: 'topic', name: 'edge' }],
    [
      { from: 'topic', name: 'device' },
      { from: 'constant', value: '' },
    ],
  ],
  fields: [
    field('active_power', ['ActivePower', 'Inverter/ActivePower', 'p_kw'], 'kW'),
    field('energy_total', ['TotalEnergy', 'Inverter/TotalEnergy', 'e_total_kwh'], 'kWh'),
    field('energy_day', ['DailyEnergy', 'Inverter/DailyEnergy', 'e_day_kwh'], 'kWh'),
    field('temperature', ['Temperature', 'Inverter/Temperature', 't_c'], 'degC'),
    field('frequency', ['Frequency', 'Inverter/Frequency'], 'Hz'),
    field('status', ['RunState', 'Inverter/RunState']),
  ],
};

/** Registers and point lists of inverters, and the protocols of plants and dispatch. */
export const REGISTER_PROFILES: ProfileInput[] = [huawei, sungrow, sunspec, collector, iec104, sparkplug];
