import type { SeededRandom } from '../support/random.ts';
import type { Sample } from './corpus.ts';
import { HOSTILE_BYTES, HOSTILE_KEYS, HOSTILE_VALUES, hostilePayload, largePayload } from './hostile.ts';

/** One payload, made of a sample in one of several ways. */
export function payloadFrom(sample: Sample, corpus: readonly Sample[], random: SeededRandom): Uint8Array {
  const kind = random.next();
  if (kind < 0.05) return sample.payload;
  if (kind < 0.4) return wounded(sample.payload, corpus, random);
  if (kind < 0.7) return otherValues(sample.payload, random);
  if (kind < 0.8) return otherShape(sample.payload, random);
  if (kind < 0.9) return randomBytes(random);
  return random.chance(0.01) ? largePayload(random) : hostilePayload(random);
}

/** A topic that is nearly right, or not at all. */
export function topicFrom(topic: string, random: SeededRandom): string {
  if (!random.chance(0.05)) return topic;
  const segments = topic.split('/');
  const at = random.between(0, segments.length);
  const other = [
    '',
    '+',
    '#',
    '$SYS',
    '../..',
    '\u0000',
    '\ud800',
    '李家村#1',
    'x'.repeat(5000),
    '__proto__',
  ];
  return segments.toSpliced(at, random.between(0, 2), random.pick(other)).join('/');
}

/** Up to six bytes or pieces dropped, doubled, changed, put in, cut off, or taken from another message. */
function wounded(payload: Uint8Array, corpus: readonly Sample[], random: SeededRandom): Uint8Array {
  let bytes = Buffer.from(payload);
  for (let wound = random.between(1, 7); wound > 0; wound -= 1) {
    const at = random.between(0, bytes.length + 1);
    const length = random.between(0, 13);
    const [before, piece, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, at + length),
      bytes.subarray(at + length),
    ];
    switch (random.between(0, 7)) {
      case 0:
        bytes = Buffer.concat([before, after]);
        break;
      case 1:
        bytes = Buffer.concat([before, piece, piece, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, random.pick(HOSTILE_BYTES), piece, after]);
        break;
      case 3:
        bytes = Buffer.from(before);
        break;
      case 4:
        bytes = Buffer.concat([before, random.pick(corpus).payload.subarray(at), after]);
        break;
      case 5:
        bytes = Buffer.concat([before, randomBytes(random).subarray(0, length), after]);
        break;
      default:
        bytes = Buffer.from(bytes);
        if (bytes.length > 0) {
          const index = Math.min(at, bytes.length - 1);
          bytes[index] = (bytes[index] ?? 0) ^ (1 << random.between(0, 8));
        }
    }
  }
  return bytes;
}

/** Still nearly JSON: values that stand in some places are replaced. */
function otherValues(payload: Uint8Array, random: SeededRandom): Uint8Array {
  const share = random.pick([0.1, 0.3, 1]);
  const text = Buffer.from(payload)
    .toString('utf8')
    .replaceAll(/-?\d+(?:\.\d+)?(?!\d*")|"[^"]*"(?!:)|null|true|false/g, (value) =>
      random.chance(share) ? random.pick(HOSTILE_VALUES) : value,
    );
  return Buffer.from(text);
}

/** Keys are renamed, doubled or dropped, and objects are wrapped. */
function otherShape(payload: Uint8Array, random: SeededRandom): Uint8Array {
  const text = Buffer.from(payload)
    .toString('utf8')
    .replaceAll(/"([^"]*)":/g, (key) => {
      if (!random.chance(0.2)) return key;
      if (random.chance(0.3)) return `${key}${random.pick(HOSTILE_VALUES)},${key}`;
      if (random.chance(0.3)) return `${key}{${key}`;
      return `"${random.pick(HOSTILE_KEYS)}":`;
    });
  return Buffer.from(random.chance(0.1) ? `[${text},${text}]` : text);
}

function randomBytes(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: random.between(0, 300) }, () => random.between(0, 256));
}
