import type { ProfileInput } from '../profile.ts';
import { field, strings } from './rules.ts';

const topicDevice = { identity: [[{ from: 'topic', name: 'device' }]] } satisfies Partial<ProfileInput>;

/** Loggers that publish one value a topic, as text and mostly without a time. */
export const TOPIC_VALUE_PROFILES: ProfileInput[] = [
  {
    id: 'opendtu',
    name: { zh: 'OpenDTU（禾迈）', en: 'OpenDTU (Hoymiles)' },
    topics: ['solar/{device}/{rest...}'],
    payload: 'topic-values',
    ...topicDevice,
    notSources: ['dtu', 'ac', 'dc'],
    notAvailableTexts: ['', 'null', 'nan'],
    time: { sources: [{ place: { from: 'record', path: 'status/last_update' }, format: 'epoch_s' }] },
    fields: [
      field('active_power', '0/power', 'W'),
      // The day in Wh and the lifetime in kWh: so the logger sends them.
      field('energy_day', '0/yieldday', 'Wh'),
      field('energy_total', '0/yieldtotal', 'kWh'),
      field('frequency', '0/frequency', 'Hz'),
      field('temperature', '0/temperature', 'degC'),
      field('phase_voltage_a_v', '0/voltage', 'V'),
      field('current_a', '0/current', 'A'),
      field('dc_power_w', '0/powerdc', 'W'),
      ...strings('string_voltage', { to: 6 }, (input) => `${input}/voltage`),
      ...strings('string_current', { to: 6 }, (input) => `${input}/current`),
    ],
    presence: { topics: ['solar/{device}/status/reachable'], online: ['1'], offline: ['0'] },
  },
  {
    id: 'ahoydtu',
    name: { zh: 'AhoyDTU（禾迈）', en: 'AhoyDTU (Hoymiles)' },
    topics: ['inverter/{device}/{rest...}'],
    payload: 'topic-values',
    ...topicDevice,
    notSources: ['total'],
    notAvailableTexts: ['', 'null', 'nan'],
    fields: [
      field('active_power', 'ch0/P_AC', 'W'),
      field('energy_day', 'ch0/YieldDay', 'Wh'),
      field('energy_total', 'ch0/YieldTotal', 'kWh'),
      field('frequency', 'ch0/F_AC', 'Hz'),
      field('temperature', 'ch0/Temp', 'degC'),
      field('phase_voltage_a_v', 'ch0/U_AC', 'V'),
      field('current_a', 'ch0/I_AC', 'A'),
      field('dc_power_w', 'ch0/P_DC', 'W'),
      ...strings('string_voltage', { to: 6 }, (input) => `ch${input}/U_DC`),
      ...strings('string_current', { to: 6 }, (input) => `ch${input}/I_DC`),
    ],
    presence: { topics: ['inverter/{device}/available'], online: ['2', '1'], offline: ['0'] },
  },
  {
    id: 'deye-mqtt',
    name: { zh: '德业（deye-inverter-mqtt）', en: 'Deye (deye-inverter-mqtt)' },
    topics: ['deye/{rest...}'],
    payload: 'topic-values',
    // The prefix of the topic is the logger; a second logger has another prefix, and a profile of its own.
    identity: [[{ from: 'constant', value: 'deye' }]],
    notAvailableTexts: ['', 'null', 'nan', 'None'],
    fields: [
      field('active_power', 'ac/active_power', 'W'),
      field('dc_power_w', 'dc/total_power', 'W'),
      field('energy_day', 'day_energy', 'kWh'),
      field('energy_total', 'total_energy', 'kWh'),
      field('temperature', 'radiator_temp', 'degC'),
      field('frequency', 'ac/freq', 'Hz'),
      field('phase_voltage_a_v', 'ac/l1/voltage', 'V'),
      field('current_a', 'ac/l1/current', 'A'),
      ...strings('string_voltage', { to: 4 }, (input) => `dc/pv${input}/voltage`),
      ...strings('string_current', { to: 4 }, (input) => `dc/pv${input}/current`),
    ],
    presence: { topics: ['deye/status'], online: ['online'], offline: ['offline'] },
  },
  {
    id: 'openems',
    name: { zh: 'OpenEMS', en: 'OpenEMS' },
    topics: ['{edge}/channel/{rest...}'],
    payload: 'topic-values',
    identity: [[{ from: 'topic', name: 'edge' }]],
    notAvailableTexts: ['', 'null', 'UNDEFINED'],
    time: { sources: [{ place: { from: 'record', path: 'lastUpdate' }, format: 'epoch_ms' }] },
    fields: [
      field('active_power', '_sum/ProductionActivePower', 'W'),
      field('energy_total', '_sum/ProductionActiveEnergy', 'Wh'),
      // Negative is fed into the grid; shown only, since it says nothing of what was generated.
      field('grid_power_w', '_sum/GridActivePower', 'W'),
    ],
  },
  {
    id: 'solar-assistant',
    name: { zh: 'SolarAssistant', en: 'SolarAssistant' },
    topics: ['solar_assistant/{device}/{rest...}'],
    payload: 'topic-values',
    ...topicDevice,
    notSources: ['total'],
    notAvailableTexts: ['', 'null', 'unknown'],
    fields: [
      field('active_power', 'pv_power/state', 'W'),
      field('dc_power_w', 'pv_power_1/state', 'W'),
      field('frequency', 'grid_frequency/state', 'Hz'),
      field('phase_voltage_a_v', 'grid_voltage/state', 'V'),
      field('temperature', 'temperature/state', 'degC'),
      // A counter of some period, never of the lifetime: it must not be billed.
      field('energy_day', 'pv_energy/state', 'kWh'),
    ],
  },
];
