import type { AlarmKind, AlarmLevel, AlarmUnit, NoticeChannel } from '#contracts';

/** What forms and filters offer. Written out, because the schemas of the contracts would bring their checker along. */
export const ALARM_KINDS = [
  'ingest_down',
  'county_silent',
  'offline',
  'no_data',
  'zero',
  'inverter_zero',
  'fault',
  'low',
  'string_low',
  'insulation',
  'over_temperature',
  'grid',
  'soiling',
  'counter',
  'over_capacity',
] as const satisfies readonly AlarmKind[];
/** Unit of what is seen and of the limits, as the policies say it. */
export const ALARM_UNITS: Record<AlarmKind, AlarmUnit> = {
  ingest_down: 's',
  county_silent: 'share',
  offline: 's',
  no_data: 's',
  zero: 'share',
  inverter_zero: 'share',
  fault: 'count',
  low: 'share',
  string_low: 'share',
  insulation: 'count',
  over_temperature: 'celsius',
  grid: 'range',
  soiling: 'yes',
  counter: 'count',
  over_capacity: 'share',
};
export const ALARM_LEVELS = [
  'info',
  'minor',
  'major',
  'critical',
  'data',
] as const satisfies readonly AlarmLevel[];
export const NOTICE_CHANNELS = [
  'email',
  'webhook',
  'wecom',
  'dingtalk',
] as const satisfies readonly NoticeChannel[];
