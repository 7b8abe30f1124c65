import { fourLetters, joinBytes, viewOf } from './bytes.ts';

/** WebP (RFC 9649): a RIFF of chunks, each a name, a length and a content of even length. */
const HEAD_BYTES = 12;
const CHUNK_HEAD = 8;
/** What a still picture is drawn from; an animation is no photo. */
const KEPT: ReadonlySet<string> = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP']);
/** Bits of VP8X that say that there is Exif or XMP. */
const METADATA_BITS = 0b0000_1100;

export function cleanWebp(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < HEAD_BYTES) return null;
  const end = CHUNK_HEAD + viewOf(bytes).getUint32(4, true);
  if (end > bytes.length) return null;
  const kept: Uint8Array[] = [];
  let pictures = 0;
  for (let at = HEAD_BYTES; at < end;) {
    if (at + CHUNK_HEAD > end) return null;
    const name = fourLetters(bytes, at);
    const length = viewOf(bytes).getUint32(at + 4, true);
    const next = at + CHUNK_HEAD + length + (length % 2);
    if (next > end) return null;
    if (name === 'VP8 ' || name === 'VP8L') pictures += 1;
    if (KEPT.has(name))
      kept.push(name === 'VP8X' ? withoutFlags(bytes.subarray(at, next)) : bytes.subarray(at, next));
    at = next;
  }
  if (pictures !== 1) return null;
  const head = bytes.slice(0, HEAD_BYTES);
  viewOf(head).setUint32(4, 4 + kept.reduce((sum, { length }) => sum + length, 0), true);
  return joinBytes([head, ...kept]);
}

function withoutFlags(chunk: Uint8Array): Uint8Array {
  const copy = chunk.slice();
  const flags = copy[CHUNK_HEAD];
  if (flags !== undefined) copy[CHUNK_HEAD] = flags & ~METADATA_BITS;
  return copy;
}
