import {
  BUILTIN_PROFILES,
  decodeNative,
  DecoderSet,
  decodeWithProfile,
  SparkplugNodes,
  TopicAssembler,
  type DecodedMessage,
  type ProfileDecoded,
  type SetDecoded,
} from '#ingestion';
import { unsoundness } from './sound.ts';

export interface FuzzMessage {
  topic: string;
  payload: Uint8Array;
  receivedAtMs: number;
  retained: boolean;
}

/** Decodes, and says in one word what became of the message; a fault is a text that begins with {@link FAULT}. */
export interface Decoder {
  name: string;
  outcomeOf(message: FuzzMessage): string;
}

export const FAULT = 'FAULT ';

/** All ways into the decoders by the name of the profile; each keeps its state from message to message. */
export function makeDecoders(): ReadonlyMap<string, readonly Decoder[]> {
  const set = setDecoder();
  return new Map(
    BUILTIN_PROFILES.map((profile) => {
      const state = new SparkplugNodes();
      const byProfile: Decoder = {
        name: `profile ${profile.id}`,
        outcomeOf: guarded((message) =>
          ofProfile(decodeWithProfile(profile, { ...message, state }), { mayHoldBack: false }),
        ),
      };
      const others: Decoder[] = [];
      if (profile.payload === 'topic-values')
        others.push(assemblerDecoder(profile.id, new TopicAssembler(profile)));
      if (profile.payload === 'native')
        others.push({
          name: 'native',
          outcomeOf: guarded(({ topic, payload }) => ofNative(decodeNative(topic, payload), payload)),
        });
      return [profile.id, [byProfile, ...others, set]];
    }),
  );
}

/** With whatever a decoder throws made into a fault. */
function guarded(outcomeOf: (message: FuzzMessage) => string): Decoder['outcomeOf'] {
  return (message) => {
    try {
      return outcomeOf(message);
    } catch (error) {
      return `${FAULT}threw ${error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : 'something'}`;
    }
  };
}

function assemblerDecoder(id: string, assembler: TopicAssembler): Decoder {
  return {
    name: `assembler ${id}`,
    outcomeOf: guarded((message) => ofProfile(assembler.accept(message), { mayHoldBack: true })),
  };
}

/** All profiles at once, as ingest runs them; every second name is that of a known device. */
function setDecoder(): Decoder {
  const set = new DecoderSet(BUILTIN_PROFILES, {
    deviceOfSource: (_profileId, sourceId) =>
      sourceId.length % 2 === 0 ? { stationCode: 'ST001', deviceCode: 'INV01' } : undefined,
  });
  return {
    name: 'set',
    outcomeOf: guarded((message) => {
      const decoded = set.decode(message);
      // Of what is taken into an open reading nothing is seen until that closes.
      return ofSet(decoded, message.payload, set.oldestOpenAtMs() !== null);
    }),
  };
}

function ofProfile(decoded: ProfileDecoded, { mayHoldBack }: { mayHoldBack: boolean }): string {
  const problem = unsoundness(decoded);
  if (problem !== null) return `${FAULT}${problem}`;
  const { readings, partials, presence, rejections, ignored } = decoded;
  if (readings.length > 0) return 'reading';
  if (partials.length > 0) return 'partial';
  if (presence.length > 0) return 'presence';
  if (rejections[0]) return `rejected: ${rejections[0].reason}`;
  if (ignored[0]) return `ignored: ${ignored[0].reason}`;
  return mayHoldBack ? 'held until the reading is whole' : `${FAULT}nothing came of it`;
}

function ofNative(decoded: DecodedMessage, payload: Uint8Array): string {
  const outcome = ofMessage(decoded);
  return outcome ?? (isEmptyList(payload) ? 'empty' : `${FAULT}nothing came of it`);
}

function ofSet(decoded: SetDecoded, payload: Uint8Array, isHeld: boolean): string {
  const outcome = ofMessage(decoded);
  if (outcome !== null) return outcome;
  if (decoded.ignored > 0) return 'ignored';
  if (isHeld) return 'held until the reading is whole';
  return isEmptyList(payload) ? 'empty' : `${FAULT}nothing came of it`;
}

function ofMessage(decoded: DecodedMessage): string | null {
  const problem = unsoundness(decoded);
  if (problem !== null) return `${FAULT}${problem}`;
  if (decoded.readings.length > 0) return 'reading';
  if (decoded.gatewayStatus) return 'presence';
  if (decoded.resendReply) return 'reply';
  if (decoded.rejections[0]) return `rejected: ${decoded.rejections[0].reason}`;
  return decoded.numbers.length > 0 ? 'empty' : null;
}

/** A list of no readings, or a batch of no devices, is a message with nothing in it. */
function isEmptyList(payload: Uint8Array): boolean {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8').replace(/\0+$/, ''));
  } catch {
    return false;
  }
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value === null || !('devices' in value)) return false;
  const { devices } = value;
  return typeof devices === 'object' && devices !== null && Object.keys(devices).length === 0;
}
