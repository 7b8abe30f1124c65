import { z } from 'zod';
import {
  FAULT_KINDS,
  PLAIN_FAULT,
  snapToKnots,
  strikesMessages,
  USUAL_SHARE,
  type Fault,
  type FaultKind,
} from './faults.ts';

const instantSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Of a whole station these are something else, or nothing. */
const NEEDS_DEVICE: ReadonlySet<FaultKind> = new Set([
  'string_low',
  'counter_reset',
  'counter_jump',
  'device_silent',
]);

const scriptedFaultSchema = z
  .strictObject({
    kind: z.enum(FAULT_KINDS),
    station: z.string(),
    device: z.string().optional(),
    from: instantSchema,
    to: instantSchema.optional(),
    factor: z.number().min(0).max(1).optional(),
    string: z.number().int().min(0).max(31).optional(),
    skewS: z.number().int().min(-86_400).max(86_400).optional(),
    share: z.number().min(0).max(1).optional(),
  })
  .superRefine((fault, context) => {
    const needs = (name: 'device' | 'factor' | 'skewS') => {
      if (fault[name] === undefined) {
        context.addIssue({ code: 'custom', path: [name], message: `${fault.kind} needs it` });
      }
    };
    if (fault.kind === 'low') needs('factor');
    if (NEEDS_DEVICE.has(fault.kind)) needs('device');
    if (fault.kind === 'clock_skew') needs('skewS');
    if (fault.share !== undefined && !strikesMessages(fault.kind)) {
      context.addIssue({ code: 'custom', path: ['share'], message: `${fault.kind} has none` });
    }
    if (fault.to !== undefined && fault.to <= fault.from) {
      context.addIssue({ code: 'custom', path: ['to'], message: 'must be later than `from`' });
    }
  });

const scriptSchema = z.array(scriptedFaultSchema).max(10_000);

/** A script that cannot be used; the message names every place. */
export class FaultScriptError extends Error {
  override readonly name = 'FaultScriptError';
}

/**
 * Reads a fault script: a JSON array of `{kind, station, device?, from, to?, factor?, string?, skewS?, share?}` with
 * instants in ISO 8601 with zone.
 * @param devices codes of the devices of each station, to refuse a fault that would never happen.
 * @throws FaultScriptError with all problems.
 */
export function parseFaultScript(text: string, devices: ReadonlyMap<string, ReadonlySet<string>>): Fault[] {
  const result = scriptSchema.safeParse(parseJson(text));
  if (!result.success) throw new FaultScriptError(z.prettifyError(result.error));
  return result.data.map((scripted, position) => {
    const known = devices.get(scripted.station);
    if (known === undefined) throw new FaultScriptError(`fault ${position}: no station ${scripted.station}`);
    if (scripted.device !== undefined && !known.has(scripted.device)) {
      throw new FaultScriptError(`fault ${position}: no device ${scripted.device} at ${scripted.station}`);
    }
    return snapToKnots({
      kind: scripted.kind,
      stationCode: scripted.station,
      deviceCode: scripted.device ?? null,
      fromMs: scripted.from,
      toMs: scripted.kind.startsWith('counter_') ? Infinity : (scripted.to ?? Infinity),
      factor: scripted.factor ?? defaultFactor(scripted.kind),
      stringIndex: scripted.string ?? PLAIN_FAULT.stringIndex,
      skewMs: (scripted.skewS ?? 0) * 1000,
      share: scripted.share ?? (strikesMessages(scripted.kind) ? USUAL_SHARE : PLAIN_FAULT.share),
    });
  });
}

function defaultFactor(kind: Fault['kind']): number {
  if (kind === 'outage' || kind === 'zero' || kind === 'insulation') return 0;
  return kind === 'string_low' ? 0.2 : PLAIN_FAULT.factor;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FaultScriptError('the fault script is not JSON', { cause: error });
  }
}
