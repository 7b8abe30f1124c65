import { deviceStatusSchema } from '#contracts';
import { FLAG_FIELD_REJECTED, type Reading } from '../reading.ts';
import type { Rejection } from '../reading.ts';
import type { Patch } from './field-value.ts';
import { isNumberTarget, TARGETS } from './targets.ts';

/**
 * A reading before its device is looked up: `sourceId` is what the vendor calls the device. The codes of the registry
 * are there only where the topic itself has them, as with the native protocol.
 */
export interface ProfileReading extends Omit<Reading, 'stationCode' | 'deviceCode'> {
  profileId: string;
  sourceId: string;
  stationCode: string | null;
  deviceCode: string | null;
  /** Kept by the device and sent late: it counts for energy and is never "now". */
  historical: boolean;
  /** `received`: the message has no usable time of its own, and `measuredAtMs` is when it came. */
  timeSource: 'device' | 'received';
  /** The status code as the vendor sent it; with `status: null` it is one that the profile does not know. */
  vendorStatus: string | null;
  /** Values without a column, by target name and in its base unit. */
  extras: Record<string, number | null>;
}

/** Values of one device that are not yet a reading: one value a topic. `TopicAssembler` puts them together. */
export interface PartialReading {
  profileId: string;
  sourceId: string;
  patches: Patch[];
  measuredAtMs: number | null;
  receivedAtMs: number;
}

/** Whether a gateway or device is on line, as its last will or its status topic says. */
interface Presence {
  sourceId: string;
  stationCode: string | null;
  deviceCode: string | null;
  online: boolean;
}

/** Read, understood, and no reading in it. Counted, so that nothing is dropped unseen. */
export interface Ignored {
  reason: 'retained' | 'not_new' | 'not_mapped' | 'not_a_device' | 'control';
  detail: string;
}

export interface ProfileDecoded {
  readings: ProfileReading[];
  partials: PartialReading[];
  presence: Presence[];
  rejections: Rejection[];
  ignored: Ignored[];
  /** Sparkplug edge nodes, `group/edge`, that should be asked for their birth certificates. */
  rebirthNeeded: string[];
}

export const nothingDecoded = (): ProfileDecoded => ({
  readings: [],
  partials: [],
  presence: [],
  rejections: [],
  ignored: [],
  rebirthNeeded: [],
});

export type ReadingHead = Pick<
  ProfileReading,
  'profileId' | 'sourceId' | 'measuredAtMs' | 'timeSource' | 'historical'
>;

/** Puts values into the columns of a reading; the only rounding on the way from a device to the database. */
export function buildReading(head: ReadingHead, patches: readonly Patch[]): ProfileReading {
  const values = new Map<string, number | string | null>();
  let lost = false;
  for (const { slot, value, lost: bad } of patches) {
    const before = values.get(slot);
    // Two values for one quantity and instant: which is right is not for a decoder to say.
    const conflict = before !== undefined && before !== null && value !== null && before !== value;
    lost ||= bad || conflict;
    values.set(slot, conflict ? null : (value ?? before ?? null));
  }
  const number = (slot: string): number | null => {
    const value = values.get(slot);
    const [target = ''] = slot.split('.');
    if (typeof value !== 'number' || !isNumberTarget(target)) return null;
    return Math.round(value * (TARGETS[target].scale ?? 1));
  };
  const text = (slot: string): string | null => {
    const value = values.get(slot);
    return typeof value === 'string' ? value : null;
  };
  const seq = values.get('seq');
  return {
    ...head,
    stationCode: null,
    deviceCode: null,
    activePowerW: number('active_power'),
    energyTotalWh: number('energy_total'),
    energyDayWh: number('energy_day'),
    temperatureDc: number('temperature'),
    frequencyChz: number('frequency'),
    lineVoltagesDv: unlessEmpty(['voltage_ab', 'voltage_bc', 'voltage_ca'].map(number)),
    phaseCurrentsCa: unlessEmpty(['current_a', 'current_b', 'current_c'].map(number)),
    stringVoltagesDv: unlessEmpty(stringSlots('string_voltage', values).map(number)),
    stringCurrentsCa: unlessEmpty(stringSlots('string_current', values).map(number)),
    status: deviceStatusSchema.safeParse(values.get('status')).data ?? null,
    vendorStatus: text('vendor_status'),
    faultCode: text('fault_code'),
    seq: typeof seq === 'number' ? seq : null,
    flags: lost ? FLAG_FIELD_REJECTED : 0,
    extras: extrasOf(values),
  };
}

const unlessEmpty = (values: (number | null)[]) => (values.every((value) => value === null) ? null : values);

/** All inputs up to the highest that was reported, so that the place in the list is the number of the input. */
function stringSlots(target: string, values: ReadonlyMap<string, unknown>): string[] {
  let count = 0;
  for (const slot of values.keys())
    if (slot.startsWith(`${target}.`)) count = Math.max(count, Number(slot.slice(target.length + 1)) + 1);
  return Array.from({ length: count }, (_, index) => `${target}.${index}`);
}

function extrasOf(values: ReadonlyMap<string, number | string | null>): Record<string, number | null> {
  const extras: Record<string, number | null> = {};
  for (const [slot, value] of values)
    if (isNumberTarget(slot) && TARGETS[slot].scale === null && typeof value !== 'string')
      extras[slot] = value;
  return extras;
}
