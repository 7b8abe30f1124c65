import { z } from 'zod';

/** Kinds of faults that a fault script can inject; what each does stands in `libs/simulation` (`truth/faults.ts`). */
export const FAULT_KINDS = [
  'outage',
  'zero',
  'low',
  'string_low',
  'insulation',
  'device_silent',
  'over_voltage',
  'overheat',
  'offline',
  'late_backlog',
  'counter_reset',
  'counter_jump',
  'clock_skew',
  'lost_messages',
  'conflict',
  'duplicate',
  'garbage',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Of a whole station these are something else, or nothing. */
const NEEDS_DEVICE: ReadonlySet<FaultKind> = new Set([
  'string_low',
  'counter_reset',
  'counter_jump',
  'device_silent',
]);
const STRIKES_MESSAGES: ReadonlySet<FaultKind> = new Set(['lost_messages', 'conflict']);

/** True where a fault of the kind is one of a single device. */
export const needsDevice = (kind: FaultKind): boolean => NEEDS_DEVICE.has(kind);
/** True where a fault of the kind strikes a share of the messages. */
export const strikesMessages = (kind: FaultKind): boolean => STRIKES_MESSAGES.has(kind);

const FAULTS_MAX = 10_000;
const faultInstantSchema = z.iso.datetime({ offset: true });

/** One line of a fault script. Without `to` it never ends; `skewS` is seconds ahead, below 0 behind. */
export const scriptedFaultSchema = z
  .strictObject({
    kind: z.enum(FAULT_KINDS),
    station: z.string().max(40),
    device: z.string().max(40).optional(),
    from: faultInstantSchema,
    to: faultInstantSchema.optional(),
    factor: z.number().min(0).max(1).optional(),
    string: z.number().int().min(0).max(31).optional(),
    skewS: z.number().int().min(-86_400).max(86_400).optional(),
    share: z.number().min(0).max(1).optional(),
  })
  .superRefine((fault, context) => {
    const needs = (name: 'device' | 'factor' | 'skewS') => {
      if (fault[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: `${fault.kind} needs it` });
    };
    if (fault.kind === 'low') needs('factor');
    if (needsDevice(fault.kind)) needs('device');
    if (fault.kind === 'clock_skew') needs('skewS');
    if (fault.share !== undefined && !strikesMessages(fault.kind))
      context.addIssue({ code: 'custom', path: ['share'], message: `${fault.kind} has none` });
    if (fault.to !== undefined && Date.parse(fault.to) <= Date.parse(fault.from))
      context.addIssue({ code: 'custom', path: ['to'], message: 'must be later than `from`' });
  })
  .meta({ id: 'ScriptedFault' });
export type ScriptedFault = z.infer<typeof scriptedFaultSchema>;

/** A fault script: what the simulator takes with `--faults`, and a run of the testers' place. */
export const faultScriptSchema = z.array(scriptedFaultSchema).max(FAULTS_MAX);
