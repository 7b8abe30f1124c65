import {
  faultScriptSchema,
  needsDevice,
  strikesMessages,
  testbenchFleetSchema,
  type FaultKind,
  type ScriptedFault,
  type TestbenchParameters,
} from '#contracts';
import { SHANGHAI_OFFSET_MS } from '#domain';

/** A fault as it is typed: empty fields are those that it does not have. Times are those of Shanghai, without a zone. */
export interface FaultDraft {
  kind: FaultKind;
  station: string;
  device: string;
  from: string;
  to: string;
  factor: string;
  string: string;
  skewS: string;
  share: string;
}

export interface RunDraft {
  actionKey: string;
  mode: 'fleet' | 'file';
  name: string;
  stations: string[];
  fromDay: string;
  days: string;
  seed: string;
  faults: FaultDraft[];
  fileText: string;
}

/** Which fields a kind has besides station and time. */
export function fieldsOf(
  kind: FaultKind,
): ReadonlySet<'device' | 'factor' | 'string' | 'skewS' | 'share' | 'to'> {
  const fields = new Set<'device' | 'factor' | 'string' | 'skewS' | 'share' | 'to'>();
  if (needsDevice(kind) || ['zero', 'low', 'insulation', 'over_voltage', 'overheat'].includes(kind))
    fields.add('device');
  if (kind === 'low' || kind === 'string_low') fields.add('factor');
  if (kind === 'string_low') fields.add('string');
  if (kind === 'clock_skew') fields.add('skewS');
  if (strikesMessages(kind)) fields.add('share');
  // A counter changes at one instant and stays changed.
  if (kind !== 'counter_reset' && kind !== 'counter_jump') fields.add('to');
  return fields;
}

const SHANGHAI = '+08:00';
/** `2026-06-10T12:00` of a field as an instant with its zone. */
const instantOf = (typed: string): string => `${typed.length === 16 ? `${typed}:00` : typed}${SHANGHAI}`;
/** An instant as a field shows it. */
const typedOf = (instant: string): string =>
  new Date(Date.parse(instant) + SHANGHAI_OFFSET_MS).toISOString().slice(0, 16);

/** The fault as the script has it; what its kind does not have is left out. */
export function scriptedOf(draft: FaultDraft): ScriptedFault {
  const fields = fieldsOf(draft.kind);
  const number = (name: 'factor' | 'string' | 'skewS' | 'share') =>
    fields.has(name) && draft[name].trim() !== '' ? { [name]: Number(draft[name]) } : {};
  const device = draft.device.trim();
  return {
    kind: draft.kind,
    station: draft.station,
    ...(fields.has('device') && device !== '' ? { device } : {}),
    from: instantOf(draft.from),
    ...(fields.has('to') && draft.to !== '' ? { to: instantOf(draft.to) } : {}),
    ...number('factor'),
    ...number('string'),
    ...number('skewS'),
    ...number('share'),
  };
}

function draftOf(fault: ScriptedFault): FaultDraft {
  const text = (value: number | undefined) => (value === undefined ? '' : String(value));
  return {
    kind: fault.kind,
    station: fault.station,
    device: fault.device ?? '',
    from: typedOf(fault.from),
    to: fault.to === undefined ? '' : typedOf(fault.to),
    factor: text(fault.factor),
    string: text(fault.string),
    skewS: text(fault.skewS),
    share: text(fault.share),
  };
}

/** A pasted fault script as rows, or the first thing that is wrong with it. */
export function faultsOfScript(text: string): { faults: FaultDraft[] } | { fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'JSON' };
  }
  const parsed = faultScriptSchema.safeParse(value);
  if (parsed.success) return { faults: parsed.data.map(draftOf) };
  const [issue] = parsed.error.issues;
  return { fault: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

/** What is asked for. A file that holds the parameters of an earlier run is that run. */
export function parametersOf(draft: RunDraft): TestbenchParameters {
  if (draft.mode === 'file')
    return parametersOfFile(draft.fileText) ?? { kind: 'file', text: draft.fileText };
  return {
    kind: 'fleet',
    stations: draft.stations,
    fromDay: draft.fromDay,
    days: Number(draft.days),
    seed: Number(draft.seed),
    faults: draft.faults.map(scriptedOf),
  };
}

function parametersOfFile(text: string): TestbenchParameters | null {
  try {
    const parsed = testbenchFleetSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    // No JSON: the run says what is wrong with the file, place by place.
    return null;
  }
}

/** The form filled with what an earlier run was asked for. */
export function draftOfRun(name: string, parameters: TestbenchParameters): Omit<RunDraft, 'actionKey'> {
  const empty = { stations: [], fromDay: '', days: '1', seed: '1', faults: [], fileText: '' };
  if (parameters.kind === 'file') return { ...empty, mode: 'file', name, fileText: parameters.text };
  return {
    ...empty,
    mode: 'fleet',
    name,
    stations: [...parameters.stations],
    fromDay: parameters.fromDay,
    days: String(parameters.days),
    seed: String(parameters.seed),
    faults: parameters.faults.map(draftOf),
  };
}

/** Two faults that show what the place is for: one that takes energy and one that only hides it. */
export function exampleFaults(stations: readonly string[], day: string): FaultDraft[] {
  const [first, second = first] = stations;
  if (first === undefined || second === undefined) return [];
  const plain = { device: '', factor: '', string: '', skewS: '', share: '' };
  return [
    { ...plain, kind: 'late_backlog', station: first, from: `${day}T10:00`, to: `${day}T12:00` },
    { ...plain, kind: 'low', station: second, factor: '0.5', from: `${day}T09:00`, to: `${day}T15:00` },
  ];
}

/** A further row: a gateway that forgets two hours. */
export const newFault = (station: string, day: string): FaultDraft => ({
  kind: 'offline',
  station,
  device: '',
  from: `${day}T10:00`,
  to: `${day}T12:00`,
  factor: '',
  string: '',
  skewS: '',
  share: '',
});
