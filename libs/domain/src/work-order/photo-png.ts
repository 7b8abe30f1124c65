import { fourLetters, joinBytes, viewOf } from './bytes.ts';

/** PNG (W3C): a head of eight bytes, then chunks of length, name, content and check sum. */
const HEAD_BYTES = 8;
const CHUNK_EXTRA = 12;
/** What a still picture is drawn from. Exif, texts, times and all that is not known are left out. */
const KEPT: ReadonlySet<string> = new Set([
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'cHRM',
  'sRGB',
  'sBIT',
  'pHYs',
  'bKGD',
]);

export function cleanPng(bytes: Uint8Array): Uint8Array | null {
  const kept = [bytes.subarray(0, HEAD_BYTES)];
  let hasData = false;
  for (let at = HEAD_BYTES; at + CHUNK_EXTRA <= bytes.length;) {
    const name = fourLetters(bytes, at + 4);
    const end = at + CHUNK_EXTRA + viewOf(bytes).getUint32(at);
    if (end > bytes.length || (at === HEAD_BYTES) !== (name === 'IHDR')) return null;
    if (KEPT.has(name)) kept.push(bytes.subarray(at, end));
    if (name === 'IDAT') hasData = true;
    if (name === 'IEND') return hasData ? joinBytes(kept) : null;
    at = end;
  }
  return null;
}
