/** Vocabulary of the alarm ladder (domain.md 3.2). Instants are epoch ms. */
export const ALARM_KINDS = [
  'ingest_down',
  'county_silent',
  'offline',
  'no_data',
  'zero',
  'fault',
  'insulation',
  'inverter_zero',
  'low',
  'string_low',
  'over_temperature',
  'grid',
  'soiling',
  'counter',
  'over_capacity',
] as const;
export type AlarmKindName = (typeof ALARM_KINDS)[number];

/** `data` goes to another queue: nothing is lost, a figure is doubtful. */
export type AlarmLevelName = 'info' | 'minor' | 'major' | 'critical' | 'data';
const LEVEL_ORDER: readonly AlarmLevelName[] = ['data', 'info', 'minor', 'major', 'critical'];
export const levelRank = (level: AlarmLevelName): number => LEVEL_ORDER.indexOf(level);

/** Limits and times of a kind; the unit of the limits is that of the kind. */
export interface AlarmPolicy {
  isOn: boolean;
  delayMs: number;
  clearAfterMs: number;
  rejoinMs: number;
  escalateAfterMs: number | null;
  openLimit: number;
  closeLimit: number;
  majorLimit: number | null;
}

export interface AlarmObservation {
  kind: AlarmKindName;
  /** `city`, `county:<code>` or `station:<id>`. */
  subject: string;
  /** Subjects whose kinds speak for this one. */
  parents: readonly string[];
  atMs: number;
  /** In the unit of the kind; null: nothing can be said (night, no neighbours, no data). */
  seen: number | null;
  /** Watched, but nothing new is raised: registered outage, snow, a pause of the programs. */
  isQuiet: boolean;
  /** How long it has been so, where that is not the time since the first bad sample; ms. */
  lastedMs?: number;
}

/** One instant of a track. */
export interface AlarmSample {
  atMs: number;
  seen: number | null;
  isQuiet: boolean;
  lastedMs: number | null;
}

export interface Incident {
  beganAtMs: number;
  lastBadAtMs: number;
  goodSinceMs: number | null;
  /** It lasted: it is, or has joined, an alarm. */
  isRaised: boolean;
  level: AlarmLevelName;
  seen: number;
}

export interface OpenAlarm {
  openedAtMs: number;
  level: AlarmLevelName;
  recoveredAtMs: number | null;
  escalatedAtMs: number | null;
  isAcknowledged: boolean;
  snoozedUntilMs: number | null;
}

export interface Track {
  kind: AlarmKindName;
  subject: string;
  /** In order of time, each instant once. */
  samples: readonly AlarmSample[];
  /** The incident as of the edge; samples before the edge are folded into it. */
  base: Incident | null;
  edgeMs: number;
  lastSampleMs: number | null;
  incident: Incident | null;
  alarm: OpenAlarm | null;
  endedAtMs: number | null;
}

export interface AlarmState {
  tracks: ReadonlyMap<string, Track>;
}

export type AlarmChangeType =
  | 'incident_began'
  | 'incident_ended'
  | 'alarm_opened'
  | 'alarm_joined'
  | 'alarm_level'
  | 'alarm_recovered'
  | 'alarm_closed'
  | 'alarm_escalated';

export interface AlarmChange {
  type: AlarmChangeType;
  kind: AlarmKindName;
  subject: string;
  atMs: number;
  level: AlarmLevelName;
  beganAtMs: number;
}

export const trackKey = (kind: AlarmKindName, subject: string): string => `${kind}|${subject}`;
