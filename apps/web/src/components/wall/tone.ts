import type { StationState, WallTrouble } from '#contracts';

/** Colour of trouble: red where nothing or too little comes for a fault, amber for the rest; none for what is well. */
export type Tone = 'red' | 'amber' | 'well';
const RED: ReadonlySet<string> = new Set(['fault', 'zero', 'critical', 'major']);

export const stateTone = (state: StationState, inTrouble: boolean): Tone =>
  !inTrouble ? 'well' : RED.has(state) ? 'red' : 'amber';

/** Of an alarm by its level, of a station by its state. */
export const alarmTone = ({ level, kind }: Pick<WallTrouble, 'level' | 'kind'>): Tone =>
  RED.has(level ?? kind) ? 'red' : 'amber';

const KINDS = ['limited', 'low', 'zero', 'fault', 'offline', 'unknown'] as const;
/** Icon of the station's state, or of the alarm kind of the same name; a warning for all other kinds. */
export const troubleIcon = ({ kind }: Pick<WallTrouble, 'kind'>): StationState =>
  KINDS.find((known) => known === kind) ?? 'fault';
