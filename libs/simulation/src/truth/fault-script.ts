import { z } from 'zod';
import { faultScriptSchema, strikesMessages } from '#contracts';
import { PLAIN_FAULT, snapToKnots, USUAL_SHARE, type Fault } from './faults.ts';

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
  const result = faultScriptSchema.safeParse(parseJson(text));
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
      fromMs: Date.parse(scripted.from),
      toMs: scripted.kind.startsWith('counter_') ? Infinity : endOf(scripted.to),
      factor: scripted.factor ?? defaultFactor(scripted.kind),
      stringIndex: scripted.string ?? PLAIN_FAULT.stringIndex,
      skewMs: (scripted.skewS ?? 0) * 1000,
      share: scripted.share ?? (strikesMessages(scripted.kind) ? USUAL_SHARE : PLAIN_FAULT.share),
    });
  });
}

const endOf = (to: string | undefined): number => (to === undefined ? Infinity : Date.parse(to));

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
