import type { ProfileInput } from '../profile.ts';
import { field, NONE_I32, NONE_U16, NONE_U32, SHANGHAI, strings } from './rules.ts';

/** 0x7FFFFFFF and 0xFFFFFFFF after division by ten, as some firmwares send them in the evening. */
const NONE_TENTHS = [214_748_364.7, 429_496_729.5, 6_553.5];

const GROWATT_STATUSES = { 0: 'standby', 1: 'running', 3: 'fault' } as const;

function tasmota(id: string, name: ProfileInput['name'], arrays?: 'sum' | 'first'): ProfileInput {
  const lists = arrays === undefined ? {} : { arrays };
  // Tariff rates split the energy only; channels split the power as well.
  const channels = arrays === 'sum' ? { arrays } : {};
  return {
    id,
    name,
    topics: ['tele/{device}/SENSOR'],
    payload: 'json',
    nanTokens: true,
    containers: ['ENERGY'],
    identity: [[{ from: 'topic', name: 'device' }]],
    time: {
      sources: [{ place: { from: 'root', path: 'Time' }, format: 'iso', zone: SHANGHAI }],
      whenAbsent: 'reject',
    },
    fields: [
      field('active_power', 'Power', 'W', channels),
      field('energy_total', 'Total', 'kWh', lists),
      field('energy_day', 'Today', 'kWh', lists),
      field('frequency', 'Frequency', 'Hz'),
      field('phase_voltage_a_v', 'Voltage', 'V'),
      field('current_a', 'Current', 'A', channels),
      field('reactive_power_var', 'ReactivePower', 'var', channels),
      field('power_factor', 'Factor', 'one'),
    ],
    presence: { topics: ['tele/{device}/LWT'], online: ['Online'], offline: ['Offline'] },
  };
}

/** Loggers that publish one JSON for a device. */
export const LOGGER_PROFILES: ProfileInput[] = [
  {
    id: 'growatt-open-gateway',
    name: { zh: '古瑞瓦特（OpenInverterGateway）', en: 'Growatt (OpenInverterGateway)' },
    // The message has neither serial nor time: the topic is set in the stick, one for each.
    topics: ['energy/{device}'],
    payload: 'json',
    identity: [[{ from: 'topic', name: 'device' }]],
    fields: [
      field('active_power', 'OutputPower', 'W', { notAvailableScaled: NONE_TENTHS }),
      field('dc_power_w', 'InputPower', 'W', { notAvailableScaled: NONE_TENTHS }),
      field('energy_day', 'TodayGenerateEnergy', 'kWh', { notAvailableScaled: NONE_TENTHS }),
      field('energy_total', 'TotalGenerateEnergy', 'kWh', { notAvailableScaled: NONE_TENTHS }),
      field('frequency', 'GridFrequency', 'Hz'),
      field('temperature', 'InverterTemperature', 'degC', { notAvailableScaled: NONE_TENTHS }),
      field('phase_voltage_a_v', 'L1ThreePhaseGridVoltage', 'V', { notAvailableScaled: NONE_TENTHS }),
      field('work_time_h', 'TWorkTimeTotal', 'h', { divisor: 7_200 }),
      ...strings('string_voltage', { to: 4 }, (input) => `PV${input}Voltage`),
      ...strings('string_current', { to: 4 }, (input) => `PV${input}InputCurrent`),
      field('status', 'InverterStatus'),
    ],
    statuses: GROWATT_STATUSES,
  },
  {
    id: 'growatt-grott',
    name: { zh: '古瑞瓦特（Grott）', en: 'Growatt (Grott)' },
    topics: ['energy/growatt', 'energy/growatt/+'],
    payload: 'json',
    containers: ['values'],
    identity: [[{ from: 'root', path: 'device' }]],
    time: {
      sources: [{ place: { from: 'root', path: 'time' }, format: 'iso', zone: SHANGHAI }],
      whenAbsent: 'reject',
    },
    // Registers as they are: every field has a divisor of its own.
    fields: [
      field('active_power', 'pvpowerout', 'W', { divisor: 10, notAvailable: [...NONE_U32, ...NONE_I32] }),
      field('dc_power_w', 'pvpowerin', 'W', { divisor: 10, notAvailable: [...NONE_U32, ...NONE_I32] }),
      field('energy_day', 'pvenergytoday', 'kWh', {
        divisor: 10,
        notAvailable: [...NONE_U32, ...NONE_I32],
      }),
      field('energy_total', 'pvenergytotal', 'kWh', {
        divisor: 10,
        notAvailable: [...NONE_U32, ...NONE_I32],
      }),
      field('frequency', 'pvfrequentie', 'Hz', { divisor: 100, notAvailable: NONE_U16 }),
      field('phase_voltage_a_v', 'pvgridvoltage', 'V', { divisor: 10, notAvailable: NONE_U16 }),
      field('phase_voltage_b_v', 'pvgridvoltage2', 'V', { divisor: 10, notAvailable: NONE_U16 }),
      field('phase_voltage_c_v', 'pvgridvoltage3', 'V', { divisor: 10, notAvailable: NONE_U16 }),
      field('current_a', 'pvgridcurrent', 'A', { divisor: 10, notAvailable: NONE_U16 }),
      field('current_b', 'pvgridcurrent2', 'A', { divisor: 10, notAvailable: NONE_U16 }),
      field('current_c', 'pvgridcurrent3', 'A', { divisor: 10, notAvailable: NONE_U16 }),
      field('temperature', 'pvtemperature', 'degC', { divisor: 10, signedBits: 16 }),
      field('work_time_h', 'totworktime', 'h', { divisor: 7_200 }),
      ...strings('string_voltage', { to: 8 }, (input) => `pv${input}voltage`, { divisor: 10 }),
      ...strings('string_current', { to: 8 }, (input) => `pv${input}current`, { divisor: 10 }),
      field('status', 'pvstatus'),
    ],
    statuses: GROWATT_STATUSES,
    historicalWhen: [{ place: { from: 'root', path: 'buffered' }, equals: ['yes'] }],
  },
  {
    id: 'sma-sbfspot',
    name: { zh: 'SMA（SBFspot）', en: 'SMA (SBFspot)' },
    topics: ['sbfspot_{serial}', 'sbfspot/{serial}'],
    payload: 'json',
    // `InvName` can be renamed; the serial number cannot.
    identity: [[{ from: 'root', path: 'InvSerial' }]],
    time: {
      sources: [
        { place: { from: 'root', path: 'InvTime' }, format: 'dmy', zone: SHANGHAI },
        { place: { from: 'root', path: 'Timestamp' }, format: 'dmy', zone: SHANGHAI },
      ],
      whenAbsent: 'reject',
    },
    fields: [
      field('active_power', 'PACTot', 'W'),
      field('energy_total', 'ETotal', 'kWh'),
      field('energy_day', 'EToday', 'kWh'),
      field('temperature', 'InvTemperature', 'degC'),
      field('frequency', 'GridFreq', 'Hz'),
      field('phase_voltage_a_v', 'UAC1', 'V'),
      field('phase_voltage_b_v', 'UAC2', 'V'),
      field('phase_voltage_c_v', 'UAC3', 'V'),
      field('current_a', 'IAC1', 'A'),
      field('current_b', 'IAC2', 'A'),
      field('current_c', 'IAC3', 'A'),
      ...strings('string_voltage', { to: 6 }, (input) => `UDC${input}`),
      ...strings('string_current', { to: 6 }, (input) => `IDC${input}`),
      field('status', 'InvStatus'),
    ],
    // In the language of its configuration; others are kept as they come and are unknown.
    statuses: {
      Ok: 'running',
      OK: 'running',
      Fault: 'fault',
      Fehler: 'fault',
      Off: 'stopped',
      Aus: 'stopped',
    },
  },
  {
    id: 'apsystems-bridge',
    name: { zh: '昱能（APSystems 网桥）', en: 'APSystems bridge' },
    topics: ['apsystems/+'],
    payload: 'json',
    notAvailableTexts: ['n/e', 'n/a', ''],
    identity: [[{ from: 'root', path: 'serial' }]],
    fields: [
      field('active_power', 'totalpwr', 'W'),
      field('energy_day', 'totalen', 'Wh'),
      field('frequency', 'freq', 'Hz'),
      field('temperature', 'tem', 'degC'),
      field('phase_voltage_a_v', 'acv', 'V'),
    ],
  },
  {
    id: 'vzlogger',
    name: { zh: 'vzlogger（智能电表）', en: 'vzlogger (smart meter)' },
    topics: ['vzlogger/data/{channel}/raw'],
    payload: 'json',
    identity: [[{ from: 'constant', value: 'vzlogger' }]],
    time: {
      sources: [{ place: { from: 'root', path: 'timestamp' }, format: 'epoch_ms' }],
      whenAbsent: 'reject',
    },
    // What a channel is stands in the logger's configuration (OBIS 1-0:1.8.0 and 1-0:16.7.0 here); no unit is sent.
    fields: [
      field('energy_total', 'value', 'Wh', {
        when: [{ place: { from: 'topic', name: 'channel' }, equals: ['chn0'] }],
      }),
      field('active_power', 'value', 'W', {
        when: [{ place: { from: 'topic', name: 'channel' }, equals: ['chn1'] }],
      }),
    ],
  },
  tasmota('tasmota', { zh: 'Tasmota', en: 'Tasmota' }),
  tasmota('tasmota-channels', { zh: 'Tasmota（多通道）', en: 'Tasmota (several channels)' }, 'sum'),
  tasmota('tasmota-tariffs', { zh: 'Tasmota（分时电量）', en: 'Tasmota (tariff rates)' }, 'first'),
];
