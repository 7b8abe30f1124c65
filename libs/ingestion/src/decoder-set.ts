import { decodeNative, nothing } from './decode.ts';
import { builtinProfile } from './profiles/builtin/index.ts';
import { decodeWithProfile, readsTopic } from './profiles/decode-with-profile.ts';
import type { Profile } from './profiles/profile.ts';
import type { ProfileDecoded, ProfileReading } from './profiles/profile-reading.ts';
import { SparkplugNodes } from './profiles/sparkplug/sparkplug-nodes.ts';
import { TopicAssembler } from './profiles/topic-assembler.ts';
import { topicFilter } from './profiles/topic-pattern.ts';
import { FLAG_HISTORICAL, FLAG_TIME_OF_RECEIPT, type DecodedMessage, type Reading } from './reading.ts';

/** Finds the device that a vendor's name for it means. */
export interface SourceDirectory {
  deviceOfSource(
    profileId: string,
    sourceId: string,
  ): { stationCode: string; deviceCode: string } | undefined;
}

export interface ArrivedMessage {
  topic: string;
  payload: Uint8Array;
  receivedAtMs: number;
  retained: boolean;
}

export interface SetDecoded extends DecodedMessage {
  /** Sparkplug nodes that are to be asked for their births. */
  rebirthNeeded: string[];
  /** Read and understood, and nothing to store in it: repeated values, commands, a word about who is on line. */
  ignored: number;
}

interface Decoder {
  profile: Profile;
  nodes: SparkplugNodes;
  assembler: TopicAssembler | null;
}

/**
 * The profiles that are switched on. The first that reads a topic decodes its messages; the native protocol is always
 * there and always first. Of loggers that publish one value a topic, readings come out when the next round of values
 * begins or the device falls silent (`due`).
 */
export class DecoderSet {
  private readonly decoders: readonly Decoder[];

  constructor(
    profiles: readonly Profile[],
    private readonly sources: SourceDirectory,
  ) {
    const native = builtinProfile('native');
    const others = profiles.filter(({ payload }) => payload !== 'native');
    this.decoders = [...(native ? [native] : []), ...others].map((profile) => ({
      profile,
      nodes: new SparkplugNodes(),
      assembler: profile.payload === 'topic-values' ? new TopicAssembler(profile) : null,
    }));
  }

  decode(message: ArrivedMessage): SetDecoded {
    const decoder = this.decoders.find(({ profile }) => readsTopic(profile, message.topic));
    if (!decoder || decoder.profile.payload === 'native')
      return { ...decodeNative(message.topic, message.payload), rebirthNeeded: [], ignored: 0 };
    const asked = { ...message, state: decoder.nodes };
    return this.resolved(
      decoder.assembler
        ? this.assembled(decoder.assembler, decoder.profile, asked)
        : decodeWithProfile(decoder.profile, asked),
    );
  }

  /** Readings of one-value-a-topic devices that are complete at `nowMs`. */
  due(nowMs: number): SetDecoded {
    const readings = this.decoders.flatMap(({ assembler }) => assembler?.due(nowMs) ?? []);
    return this.resolved({ readings });
  }

  /** Everything that is open, where nothing more will come. */
  flush(): SetDecoded {
    return this.resolved({ readings: this.decoders.flatMap(({ assembler }) => assembler?.flush() ?? []) });
  }

  /** Receipt of the oldest message that is not yet part of a reading; null where none is open. */
  oldestOpenAtMs(): number | null {
    return this.decoders.reduce<number | null>((oldest, { assembler }) => {
      const open = assembler?.oldestOpenAtMs() ?? null;
      return open === null ? oldest : Math.min(oldest ?? open, open);
    }, null);
  }

  /** Forgets readings that are open: their messages will be delivered again. */
  forgetOpen(): void {
    for (const { assembler } of this.decoders) assembler?.flush();
  }

  /** A value of a device that nobody mapped is kept aside by itself; putting it together would hide it. */
  private assembled(
    assembler: TopicAssembler,
    profile: Profile,
    message: ArrivedMessage,
  ): Partial<ProfileDecoded> {
    const decoded = decodeWithProfile(profile, message);
    const stranger = decoded.partials.find(
      ({ sourceId }) => !this.sources.deviceOfSource(profile.id, sourceId),
    );
    if (!stranger) return assembler.accept(message);
    return { rejections: [unknownSource(profile.id, stranger.sourceId)] };
  }

  private resolved(decoded: Partial<ProfileDecoded>): SetDecoded {
    const result: SetDecoded = {
      ...nothing(),
      rebirthNeeded: decoded.rebirthNeeded ?? [],
      ignored: (decoded.ignored?.length ?? 0) + (decoded.presence?.length ?? 0),
    };
    result.rejections.push(...(decoded.rejections ?? []));
    for (const reading of decoded.readings ?? []) {
      const device = this.sources.deviceOfSource(reading.profileId, reading.sourceId);
      if (device) result.readings.push(toReading(reading, device));
      else result.rejections.push(unknownSource(reading.profileId, reading.sourceId));
    }
    return result;
  }
}

const unknownSource = (profileId: string, sourceId: string) => ({
  reason: 'unknown_device' as const,
  detail: `no device is mapped to ${profileId}: ${sourceId.slice(0, 200)}`,
});

function toReading(reading: ProfileReading, device: { stationCode: string; deviceCode: string }): Reading {
  const {
    profileId: _profile,
    sourceId: _source,
    historical,
    timeSource,
    extras: _extras,
    ...rest
  } = reading;
  const marks = (historical ? FLAG_HISTORICAL : 0) | (timeSource === 'received' ? FLAG_TIME_OF_RECEIPT : 0);
  return {
    ...rest,
    ...device,
    vendorStatus: reading.status === null ? reading.vendorStatus : null,
    // A vendor's own running number counts something else than messages to us.
    seq: null,
    flags: reading.flags | marks,
  };
}

/** What a client subscribes to in order to receive what a profile reads. */
export const filtersOf = (profile: Profile): string[] => [
  ...new Set([...profile.topics, ...(profile.presence?.topics ?? [])].map(topicFilter)),
];
