import type { TrialReading, TrialResult } from '#contracts';
import { decodeWithProfile } from '../profiles/decode-with-profile.ts';
import type { Profile } from '../profiles/profile.ts';
import type { ProfileDecoded, ProfileReading } from '../profiles/profile-reading.ts';
import { SparkplugNodes } from '../profiles/sparkplug/sparkplug-nodes.ts';
import { TopicAssembler } from '../profiles/topic-assembler.ts';
import { FLAG_FIELD_REJECTED } from '../reading.ts';

export interface TrialMessage {
  topic: string;
  payload: Uint8Array;
  retained: boolean;
}

/** What a source would be stored as; null where nothing is mapped to it. */
type DeviceOf = (reading: ProfileReading) => TrialReading['device'];

interface Trial extends Omit<TrialResult, 'readings'> {
  readings: ProfileReading[];
}

/**
 * Decodes messages as ingest would, one after the other, received at one time; nothing is stored. Values that come one
 * a topic are put together as if the device fell silent after the last of them.
 */
export function tryProfile(profile: Profile, messages: readonly TrialMessage[], receivedAtMs: number): Trial {
  const state = new SparkplugNodes();
  const assembler = profile.payload === 'topic-values' ? new TopicAssembler(profile) : null;
  const trial: Trial = { readings: [], presence: [], ignored: [], rejections: [], rebirthNeeded: [] };
  for (const [index, message] of messages.entries()) {
    const asked = { ...message, receivedAtMs, state };
    add(trial, index, assembler ? assembler.accept(asked) : decodeWithProfile(profile, asked));
  }
  trial.readings.push(...(assembler?.flush() ?? []));
  return trial;
}

function add(trial: Trial, message: number, decoded: ProfileDecoded): void {
  trial.readings.push(...decoded.readings);
  trial.presence.push(...decoded.presence.map(({ sourceId, online }) => ({ sourceId, online })));
  trial.ignored.push(...decoded.ignored.map(({ reason, detail }) => ({ message, reason, detail })));
  trial.rejections.push(...decoded.rejections.map(({ reason, detail }) => ({ message, reason, detail })));
  trial.rebirthNeeded.push(...decoded.rebirthNeeded);
}

/** A reading in the units of people, in the order of a form. */
export function trialReading(reading: ProfileReading, deviceOf: DeviceOf): TrialReading {
  return {
    sourceId: reading.sourceId,
    device: deviceOf(reading),
    measuredAt: new Date(reading.measuredAtMs).toISOString(),
    timeSource: reading.timeSource,
    historical: reading.historical,
    activePowerW: reading.activePowerW,
    energyTotalWh: reading.energyTotalWh,
    energyDayWh: reading.energyDayWh,
    temperatureC: scaled(reading.temperatureDc, 10),
    frequencyHz: scaled(reading.frequencyChz, 100),
    lineVoltagesV: scaledList(reading.lineVoltagesDv, 10),
    phaseCurrentsA: scaledList(reading.phaseCurrentsCa, 100),
    stringVoltagesV: scaledList(reading.stringVoltagesDv, 10),
    stringCurrentsA: scaledList(reading.stringCurrentsCa, 100),
    status: reading.status,
    vendorStatus: reading.vendorStatus ?? null,
    faultCode: reading.faultCode,
    seq: reading.seq,
    fieldRejected: (reading.flags & FLAG_FIELD_REJECTED) !== 0,
    extras: reading.extras,
  };
}

const scaled = (value: number | null, divisor: number) => (value === null ? null : value / divisor);

const scaledList = (values: readonly (number | null)[] | null, divisor: number) =>
  values === null ? null : values.map((value) => scaled(value, divisor));

/** All source ids that a message speaks of. */
export function sourcesIn({ readings, partials, presence }: ProfileDecoded): Set<string> {
  return new Set([...readings, ...partials, ...presence].map(({ sourceId }) => sourceId));
}
