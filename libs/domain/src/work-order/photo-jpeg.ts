import { joinBytes, viewOf } from './bytes.ts';

/**
 * JPEG (ITU T.81): segments of a marker and a length, then scans. Kept are tables, frames and scans, the JFIF head, the
 * colour profile and Adobe's colour transform. Exif (APP1), XMP, previews in APP2, maker notes, comments and everything
 * after the end of the picture are left out.
 */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const COM = 0xfe;
const ICC_HEAD = 'ICC_PROFILE\0';
const ORIENTATION_TAG = 0x0112;
/** Real photos have a few dozen; more is an attempt to keep the program busy. */
const SEGMENTS_MAX = 4000;

export function cleanJpeg(bytes: Uint8Array): Uint8Array | null {
  const kept: Uint8Array[] = [];
  let orientation = 1;
  let hasScan = false;
  let at = 2;
  for (let count = 0; count < SEGMENTS_MAX; count += 1) {
    const segment = segmentAt(bytes, at);
    if (!segment) return null;
    const { marker, start, end } = segment;
    if (marker === EOI)
      return hasScan ? joinBytes([...headOf(orientation), ...kept, bytes.subarray(start, end)]) : null;
    if (marker === SOI) return null;
    if (marker === 0xe1) orientation = orientationOf(bytes.subarray(start + 4, end)) ?? orientation;
    const scanEnd = marker === SOS ? endOfScan(bytes, end) : end;
    if (scanEnd === null) return null;
    if (marker === SOS) hasScan = true;
    if (isKept(marker, bytes.subarray(start + 4, end))) kept.push(bytes.subarray(start, scanEnd));
    at = scanEnd;
  }
  return null;
}

/** The segment at a place: its marker, where it starts, where it ends. Fill bytes before a marker are passed over. */
function segmentAt(bytes: Uint8Array, from: number): { marker: number; start: number; end: number } | null {
  if (bytes[from] !== 0xff) return null;
  let at = from;
  while (bytes[at + 1] === 0xff) at += 1;
  const marker = bytes[at + 1];
  if (marker === undefined || marker === 0) return null;
  const isBare = marker === SOI || marker === EOI || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
  if (isBare) return { marker, start: at, end: at + 2 };
  if (at + 4 > bytes.length) return null;
  const length = viewOf(bytes).getUint16(at + 2);
  const end = at + 2 + length;
  return length < 2 || end > bytes.length ? null : { marker, start: at, end };
}

/** Where the coded data of a scan end: at the next marker that is neither a stuffed zero nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number | null {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) return null;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return null;
}

function isKept(marker: number, content: Uint8Array): boolean {
  if (marker === COM || marker === 0x01) return false;
  if (marker < 0xe0 || marker > 0xef) return true;
  // JFIF without its preview, Adobe's transform, and the colour profile.
  if (marker === 0xe0) return begins(content, 'JFIF\0') && content.length === 14;
  if (marker === 0xee) return begins(content, 'Adobe') && content.length === 12;
  return marker === 0xe2 && begins(content, ICC_HEAD);
}

const begins = (content: Uint8Array, text: string) =>
  Array.from(text).every((letter, index) => content[index] === letter.charCodeAt(0));

/** How the picture is turned, 1 to 8, from the Exif block; null where it does not say. */
export function orientationOf(content: Uint8Array): number | null {
  if (!begins(content, 'Exif\0\0') || content.length < 16) return null;
  const tiff = viewOf(content.subarray(6));
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return null;
  const entries = tiff.getUint16(directory, little);
  for (let index = 0; index < entries; index += 1) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > tiff.byteLength) return null;
    if (tiff.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

/** The start of the picture, with an Exif block of the turn alone where it is turned. */
function headOf(orientation: number): Uint8Array[] {
  const start = Uint8Array.of(0xff, SOI);
  if (orientation === 1) return [start];
  // prettier-ignore
  const exif = Uint8Array.of(
    0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1,
    0, orientation, 0, 0, 0, 0, 0, 0,
  );
  return [start, exif];
}
