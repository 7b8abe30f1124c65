import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fourLetters, joinBytes, viewOf } from './bytes.ts';
import { orientationOf } from './photo-jpeg.ts';
import { cleanPhoto, photoName, photoType, type PhotoType } from './photo.ts';

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const big = (value: number) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const little = (value: number) => big(value).toReversed();
const GPS = ascii('GPSLatitude 37.8731');
const contains = (bytes: Uint8Array, part: Uint8Array) =>
  bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));

const segment = (marker: number, content: Uint8Array) =>
  joinBytes([Uint8Array.of(0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255), content]);
const exif = (orientation: number) =>
  joinBytes([
    ascii('Exif\0\0MM'),
    Uint8Array.of(0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0),
    GPS,
  ]);
const SCAN = Uint8Array.of(1, 2, 0xff, 0, 3, 0xff, 0xd0, 4);
const jpeg = (orientation = 1) =>
  joinBytes([
    Uint8Array.of(0xff, 0xd8),
    segment(0xe0, joinBytes([ascii('JFIF\0'), Uint8Array.of(1, 1, 0, 0, 1, 0, 1, 0, 0)])),
    segment(0xe1, exif(orientation)),
    segment(0xe2, joinBytes([ascii('MPF\0'), GPS])),
    segment(0xed, GPS),
    segment(0xfe, GPS),
    segment(0xdb, Uint8Array.of(7, 7, 7)),
    segment(0xc0, Uint8Array.of(8, 0, 1, 0, 1)),
    segment(0xda, Uint8Array.of(1, 0)),
    SCAN,
    Uint8Array.of(0xff, 0xd9),
    ascii('PK trailer '),
    GPS,
  ]);
const chunk = (name: string, content: Uint8Array) =>
  joinBytes([big(content.length), ascii(name), content, big(0)]);
const png = () =>
  joinBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', new Uint8Array(13)),
    chunk('eXIf', GPS),
    chunk('tEXt', GPS),
    chunk('zTXt', GPS),
    chunk('iTXt', GPS),
    chunk('vpAg', GPS),
    chunk('IDAT', Uint8Array.of(1, 2, 3)),
    chunk('IEND', new Uint8Array(0)),
    GPS,
  ]);
const riffChunk = (name: string, content: Uint8Array) =>
  joinBytes([ascii(name), little(content.length), content, new Uint8Array(content.length % 2)]);
const webp = () => {
  const body = joinBytes([
    ascii('WEBP'),
    riffChunk('VP8X', Uint8Array.of(0b0000_1100, 0, 0, 0, 1, 0, 0, 1, 0, 0)),
    riffChunk('VP8 ', Uint8Array.of(1, 2, 3)),
    riffChunk('EXIF', GPS),
    riffChunk('XMP ', GPS),
    riffChunk('ABCD', GPS),
  ]);
  return joinBytes([ascii('RIFF'), little(body.length), body, GPS]);
};
const SAMPLES: [PhotoType, () => Uint8Array][] = [
  ['image/jpeg', jpeg],
  ['image/png', png],
  ['image/webp', webp],
];
const cleaned = (bytes: Uint8Array, type: PhotoType) => {
  const clean = cleanPhoto(bytes, type);
  if (clean === null) throw new Error('unreadable');
  return clean;
};

describe.each(SAMPLES)('a photo as %s', (type, sample) => {
  it('is known by its first bytes', () => expect(photoType(sample())).toBe(type));

  it('has no position and nothing after its end any more', () => {
    expect(contains(sample(), GPS)).toBe(true);
    const clean = cleaned(sample(), type);
    expect(contains(clean, GPS)).toBe(false);
    expect(contains(clean, ascii('PK'))).toBe(false);
    expect(photoType(clean)).toBe(type);
  });

  it('cleaned twice is the same', () => {
    const once = cleaned(sample(), type);
    expect(cleaned(once, type)).toEqual(once);
  });

  it('cut short anywhere is not taken, or taken without position', () => {
    const bytes = sample();
    const whole = cleaned(bytes, type);
    for (let length = 0; length < bytes.length; length += 1) {
      const clean = cleanPhoto(bytes.subarray(0, length), type);
      if (clean !== null) expect(clean).toEqual(whole);
    }
  });

  it('with any bytes changed neither breaks nor holds up the program', () => {
    const change = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = sample();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const clean = cleanPhoto(bytes, type);
        if (clean !== null) expect(clean.length).toBeLessThanOrEqual(bytes.length + 36);
      }),
    );
  });
});

describe('the picture itself', () => {
  it('keeps scans, tables and the turn of a JPEG', () => {
    const clean = cleaned(jpeg(6), 'image/jpeg');
    expect(contains(clean, SCAN)).toBe(true);
    expect(contains(clean, ascii('JFIF'))).toBe(true);
    expect([clean[2], clean[3]]).toEqual([0xff, 0xe1]);
    expect(orientationOf(clean.subarray(6, 38))).toBe(6);
    expect(contains(cleaned(jpeg(), 'image/jpeg'), ascii('Exif'))).toBe(false);
  });

  it('says of a WebP that there is no Exif, and how long it is', () => {
    const clean = cleaned(webp(), 'image/webp');
    expect(viewOf(clean).getUint32(4, true)).toBe(clean.length - 8);
    expect(fourLetters(clean, 12)).toBe('VP8X');
    expect(clean[20]).toBe(0);
  });
});

describe('what is no photo', () => {
  it.each([
    ['a zip', ascii('PK\u0003\u0004....')],
    ['a page', ascii('<html><script>')],
    ['a GIF', ascii('GIF89a')],
    ['nothing', new Uint8Array(0)],
    ['a RIFF of sound', ascii('RIFF....WAVE')],
  ])('%s is not taken for one', (_, bytes) => expect(photoType(bytes)).toBeNull());

  it('is not read as a picture where only the head is right', () => {
    expect(
      cleanPhoto(joinBytes([Uint8Array.of(0xff, 0xd8, 0xff), ascii('PK\u0003\u0004')]), 'image/jpeg'),
    ).toBeNull();
  });
});

describe('names of photos', () => {
  it('have no folders and nothing that hides', () => {
    expect(photoName('../../etc/passwd')).toBe('passwd');
    expect(photoName('C:\\Users\\x\\逆变器.jpg')).toBe('逆变器.jpg');
    expect(photoName('a\u202egpj.exe')).toBe('agpj.exe');
    expect(photoName('...')).toBe('photo');
    expect(photoName('')).toBe('photo');
  });

  it('are short and plain whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (sent) => {
        const name = photoName(sent);
        expect(Array.from(name).length).toBeGreaterThan(0);
        expect(Array.from(name).length).toBeLessThanOrEqual(80);
        expect(name).not.toMatch(/[\\/\p{Cc}]/u);
        expect(name.startsWith('.')).toBe(false);
      }),
    );
  });
});
