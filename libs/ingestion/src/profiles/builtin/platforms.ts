import type { ProfileInput } from '../profile.ts';
import { field, HOUSE_STATUSES, SHANGHAI, SPEAKING_FIELDS, THING_MODEL_FIELDS } from './rules.ts';

/** What loggers write for "no value" where they send numbers as text. */
const NO_VALUE_TEXTS = ['', '-', '--', 'N/A', 'n/a', 'null', 'n/e'];

const thingsBoard = {
  payload: 'json',
  textNumbers: true,
  notAvailableTexts: NO_VALUE_TEXTS,
  nanTokens: true,
  containers: ['values', ''],
  time: { sources: [{ place: { from: 'record', path: 'ts' }, format: 'epoch_ms' }] },
  fields: SPEAKING_FIELDS,
  statuses: HOUSE_STATUSES,
} satisfies Partial<ProfileInput>;

/** Chinese platforms: properties of a thing, each with a time of its own, under product and device of the topic. */
const thingModel = {
  payload: 'json',
  encoding: 'utf-8-or-gbk',
  containers: ['params'],
  item: { value: 'value', time: 'time' },
  identity: [[{ from: 'topic', name: 'product' }], [{ from: 'topic', name: 'device' }]],
  time: { sources: [{ place: { from: 'item' }, format: 'epoch_ms' }] },
  fields: THING_MODEL_FIELDS,
} satisfies Partial<ProfileInput>;

/** Public IoT platforms and their gateways. */
export const PLATFORM_PROFILES: ProfileInput[] = [
  {
    ...thingsBoard,
    id: 'thingsboard-device',
    name: { zh: 'ThingsBoard 设备', en: 'ThingsBoard device' },
    // The platform knows the device by its login; a bridge puts the name in front, or the message says it.
    topics: ['v1/devices/me/telemetry', '{device}/v1/devices/me/telemetry'],
    records: [{ each: 'array' }],
    identity: [
      [
        { from: 'topic', name: 'device' },
        { from: 'record', path: 'serial' },
        { from: 'record', path: 'values.serial' },
        { from: 'constant', value: 'me' },
      ],
    ],
  },
  {
    ...thingsBoard,
    id: 'thingsboard-gateway',
    name: { zh: 'ThingsBoard 网关', en: 'ThingsBoard gateway' },
    topics: ['v1/gateway/telemetry'],
    records: [{ each: 'map', as: 'device' }, { each: 'array' }],
    identity: [[{ from: 'key', name: 'device' }]],
  },
  {
    ...thingModel,
    id: 'alibaba-alink',
    name: { zh: '阿里云物联网平台（Alink JSON）', en: 'Alibaba Cloud IoT (Alink JSON)' },
    topics: ['/sys/{product}/{device}/thing/event/property/post'],
  },
  {
    ...thingModel,
    id: 'onenet-thing',
    name: { zh: '中国移动 OneNET 物模型', en: 'China Mobile OneNET thing model' },
    topics: ['$sys/{product}/{device}/thing/property/post'],
  },
  {
    id: 'onenet-datastream',
    name: { zh: '中国移动 OneNET 数据流（旧）', en: 'China Mobile OneNET data streams (old)' },
    topics: ['$sys/{product}/{device}/dp/post/json'],
    payload: 'json',
    encoding: 'utf-8-or-gbk',
    containers: ['dp'],
    item: { value: 'v', time: 't' },
    identity: [[{ from: 'topic', name: 'product' }], [{ from: 'topic', name: 'device' }]],
    // The old API counts seconds where the new one counts milliseconds.
    time: { sources: [{ place: { from: 'item' }, format: 'epoch_s' }] },
    fields: [
      field('active_power', ['power', 'ActivePower'], 'kW'),
      field('energy_total', ['energy', 'TotalEnergy'], 'kWh'),
      field('energy_day', ['energy_day', 'DailyEnergy'], 'kWh'),
      field('temperature', ['temperature', 'temp'], 'degC'),
      field('status', ['state', 'RunState']),
    ],
  },
  {
    id: 'huawei-iotda',
    name: { zh: '华为云 IoTDA', en: 'Huawei Cloud IoTDA' },
    topics: ['$oc/devices/{device}/sys/properties/report', '$oc/devices/{device}/sys/properties/report/#'],
    ignoreTopicQuery: true,
    payload: 'json',
    encoding: 'utf-8-or-gbk',
    records: [{ path: 'services', each: 'array' }],
    containers: ['properties'],
    identity: [[{ from: 'topic', name: 'device' }], [{ from: 'record', path: 'service_id' }]],
    time: {
      sources: [
        { place: { from: 'record', path: 'event_time' }, format: 'compact' },
        { place: { from: 'record', path: 'event_time' }, format: 'iso' },
      ],
    },
    fields: [...THING_MODEL_FIELDS, field('energy_total', 'reading', 'kWh')],
  },
  {
    id: 'envision-enos',
    name: { zh: '远景 EnOS', en: 'Envision EnOS' },
    topics: [
      '/sys/{product}/{gateway}/thing/measurepoint/{mode}',
      '/sys/{product}/{gateway}/thing/measurepoint/{mode}/batch',
    ],
    payload: 'json',
    encoding: 'utf-8-or-gbk',
    textNumbers: true,
    notAvailableTexts: NO_VALUE_TEXTS,
    records: [{ path: 'params', each: 'array' }],
    containers: ['measurepoints'],
    item: { value: 'value' },
    identity: [
      [
        { from: 'record', path: 'deviceKey' },
        { from: 'topic', name: 'gateway' },
      ],
    ],
    time: {
      sources: [
        { place: { from: 'record', path: 'time' }, format: 'epoch_ms' },
        { place: { from: 'record', path: 'time' }, format: 'iso', zone: SHANGHAI },
      ],
    },
    fields: [
      ...THING_MODEL_FIELDS,
      field('string_current', 'branchCurr', 'A', { arrays: 'strings' }),
      field('string_voltage', 'branchVolt', 'V', { arrays: 'strings' }),
    ],
    historicalWhen: [{ place: { from: 'topic', name: 'mode' }, equals: ['resume'] }],
  },
];
