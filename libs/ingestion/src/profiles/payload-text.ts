import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';
import type { Rejection } from '../reading.ts';
import type { Profile } from './profile.ts';

/** Deeper JSON than this is no telemetry; the deepest shape known (EnOS) has six levels. */
export const JSON_DEPTH_MAX = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Bytes → text in the encoding of the profile. A byte order mark is not part of the text, nor are NULs at the end: some
 * embedded clients send the end of their C string.
 */
export function decodeText(
  payload: Uint8Array,
  encoding: Profile['encoding'],
): { text: string } | { rejection: Rejection } {
  let end = payload.byteLength;
  while (end > 0 && payload[end - 1] === 0) end -= 1;
  const bytes = payload.subarray(0, end);
  if (encoding !== 'gbk') {
    try {
      return { text: utf8.decode(bytes) };
    } catch {
      if (encoding === 'utf-8')
        return { rejection: { reason: 'not_utf8', detail: 'the bytes are not UTF-8' } };
    }
  }
  const text = iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 'gbk');
  return text.includes('\uFFFD')
    ? { rejection: { reason: 'not_utf8', detail: 'the bytes are not GBK' } }
    : { text };
}

/** JSON of bounded depth. With `nanTokens` a bare `nan` or `inf` becomes a text, which no field takes for a number. */
export function parseBoundedJson(
  text: string,
  { nanTokens }: { nanTokens: boolean },
): { value: unknown } | { rejection: Rejection } {
  const scanned = scan(text);
  if (scanned.depth > JSON_DEPTH_MAX)
    return { rejection: { reason: 'schema', detail: `nested deeper than ${JSON_DEPTH_MAX} levels` } };
  try {
    return { value: JSON.parse(nanTokens ? quoteTokens(text, scanned.tokens) : text) };
  } catch (error) {
    const detail = error instanceof Error ? error.message.slice(0, 200) : 'not JSON';
    return { rejection: { reason: 'unparsable', detail: plainText(detail) } };
  }
}

/** The message of a parser quotes the payload, and a payload may hold what a text column refuses. */
export const plainText = (detail: string) => detail.replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ');

const TOKEN = /[+-]?(?:nan|inf(?:inity)?)(?![a-z0-9_])/iy;

interface Scan {
  depth: number;
  tokens: { from: number; to: number }[];
}

/** One pass over the text: how deep it nests, and where bare not-a-number tokens stand outside of strings. */
function scan(text: string): Scan {
  const found: Scan = { depth: 0, tokens: [] };
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      found.depth = Math.max(found.depth, depth);
    } else if (char === '}' || char === ']') depth -= 1;
    else if ('+-nNiI'.includes(char)) {
      TOKEN.lastIndex = index;
      if (!TOKEN.test(text)) continue;
      found.tokens.push({ from: index, to: TOKEN.lastIndex });
      index = TOKEN.lastIndex - 1;
    }
  }
  return found;
}

function quoteTokens(text: string, tokens: Scan['tokens']): string {
  let quoted = '';
  let at = 0;
  for (const { from, to } of tokens) {
    quoted += `${text.slice(at, from)}"NaN"`;
    at = to;
  }
  return quoted + text.slice(at);
}
