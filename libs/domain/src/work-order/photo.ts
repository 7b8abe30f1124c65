import { cleanJpeg } from './photo-jpeg.ts';
import { cleanPng } from './photo-png.ts';
import { cleanWebp } from './photo-webp.ts';

/** The largest photo that is taken, bytes. A phone makes it smaller before it sends it. */
export const PHOTO_BYTES_MAX = 5 * 1024 * 1024;
/** Photos of one order: before, after, the parts, the plates. */
export const PHOTOS_MAX = 12;
const NAME_MAX = 80;

export type PhotoType = 'image/jpeg' | 'image/png' | 'image/webp';

const PNG_HEAD = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const startsWith = (bytes: Uint8Array, head: readonly number[], from = 0) =>
  head.every((byte, index) => bytes[from + index] === byte);

/** The type by the first bytes, whatever the name or the sender says; null where it is none of the three. */
export function photoType(bytes: Uint8Array): PhotoType | null {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'image/jpeg';
  if (startsWith(bytes, PNG_HEAD)) return 'image/png';
  // RIFF....WEBP
  if (startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, [0x57, 0x45, 0x42, 0x50], 8))
    return 'image/webp';
  return null;
}

/**
 * The photo without position, camera, comments, previews and anything after its end; how it is turned stays. Only the
 * parts that a picture is drawn from are copied, so that what is not known does not go along.
 * @returns null where the bytes are not a whole picture of that type
 */
export function cleanPhoto(bytes: Uint8Array, type: PhotoType): Uint8Array | null {
  switch (type) {
    case 'image/jpeg':
      return cleanJpeg(bytes);
    case 'image/png':
      return cleanPng(bytes);
    case 'image/webp':
      return cleanWebp(bytes);
  }
}

/** A name to show: no folders, no control or direction characters, not hidden, at most 80 characters. */
export function photoName(sent: string): string {
  const last = sent.split(/[\\/]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}"<>|:*?]/gu, '')
    .replace(/^[.\s]+/, '')
    .trim();
  const cut = Array.from(plain).slice(0, NAME_MAX).join('').trim();
  return cut === '' ? 'photo' : cut;
}
