export const TIME_FORMATS = ['epoch_s', 'epoch_ms', 'iso', 'dmy', 'mdy', 'compact', 'cp56'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

/** No station of the fleet is older; a clock that says so has lost its battery, or counts from its own start. */
export const DEVICE_TIME_FLOOR_MS = Date.UTC(2010, 0, 1);
/** The last millisecond that ECMAScript can name; years beyond 9999 are no times of devices either. */
const DEVICE_TIME_CEILING_MS = Date.UTC(9999, 11, 31);

const HOUR_MS = 3_600_000;

interface CivilTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

const OFFSET = /^([+-])(\d\d):?(\d\d)$/;

/** Whether a zone is a fixed offset (`+08:00`) or a name that this machine knows. */
export function isZone(zone: string): boolean {
  if (zone === 'Z' || OFFSET.test(zone)) return true;
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * A time as a device writes it → epoch ms, or `null` where it is not of that format. `raw` is a number or a text.
 * Nothing is guessed: seconds, milliseconds and the zone are what the profile says.
 */
export function parseDeviceTime(
  raw: unknown,
  { format, zone, summer = false }: { format: TimeFormat; zone?: string | undefined; summer?: boolean },
): number | null {
  const parsed = parseByFormat(raw, format, zone, summer);
  return parsed !== null && Math.abs(parsed) <= DEVICE_TIME_CEILING_MS ? parsed : null;
}

function parseByFormat(
  raw: unknown,
  format: TimeFormat,
  zone: string | undefined,
  summer: boolean,
): number | null {
  switch (format) {
    case 'epoch_s':
      return epoch(raw, 1000);
    case 'epoch_ms':
      return epoch(raw, 1);
    case 'iso':
      return typeof raw === 'string' ? fromMatch(ISO.exec(raw.trim()), 'ymd', zone, summer) : null;
    case 'compact':
      return typeof raw === 'string' ? fromMatch(COMPACT.exec(raw.trim()), 'ymd', zone, summer) : null;
    case 'dmy':
      return typeof raw === 'string' ? fromMatch(SLASHED.exec(raw.trim()), 'dmy', zone, summer) : null;
    case 'mdy':
      return typeof raw === 'string' ? fromMatch(SLASHED.exec(raw.trim()), 'mdy', zone, summer) : null;
    case 'cp56':
      return typeof raw === 'string' ? cp56(raw.trim(), zone, summer) : null;
  }
}

function epoch(raw: unknown, factor: number): number | null {
  const value = typeof raw === 'string' && /^\d{1,17}(\.\d{1,9})?$/.test(raw.trim()) ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value * factor) : null;
}

const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?`;
const ZONE = String.raw`\s?(Z|[+-]\d\d:?\d\d)?`;
const ISO = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)[T ]${CLOCK}${ZONE}$`);
const COMPACT = /^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)(?:\.?(\d{3}))?(Z|[+-]\d\d:?\d\d)?$/;
const SLASHED = new RegExp(String.raw`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})[T ]${CLOCK}${ZONE}$`);
const SHORT_YEAR = new RegExp(String.raw`^(\d\d)-(\d\d)-(\d\d)[T ]${CLOCK}${ZONE}$`);

type Order = 'ymd' | 'dmy' | 'mdy';

function fromMatch(
  match: RegExpExecArray | null,
  order: Order,
  zone: string | undefined,
  summer: boolean,
): number | null {
  if (!match) return null;
  const [, a = '', b = '', c = '', hour = '', minute = '', second = '0', fraction = '0', own] = match;
  const [year, month, day] = order === 'ymd' ? [a, b, c] : order === 'dmy' ? [c, b, a] : [c, a, b];
  const civil = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Number(fraction.padEnd(3, '0').slice(0, 3)),
  };
  // A time that names its zone needs no summer bit: the offset says it already.
  if (own !== undefined) return toEpochMs(civil, own);
  const localMs = toEpochMs(civil, zone);
  return localMs === null ? null : localMs - (summer ? HOUR_MS : 0);
}

/**
 * CP56Time2a of IEC 60870-5-4: seven octets as hex, or as text with a two-digit year of this century. Its "su" bit
 * means summer time; its "iv" bit, that the time is not valid.
 */
function cp56(text: string, zone: string | undefined, summer: boolean): number | null {
  if (!/^[0-9a-fA-F]{14}$/.test(text)) {
    const match = SHORT_YEAR.exec(text);
    if (match) match[1] = `20${match[1] ?? ''}`;
    return fromMatch(match, 'ymd', zone, summer);
  }
  const octet = (index: number) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  const ms = octet(0) + octet(1) * 256;
  if ((octet(2) & 0x80) !== 0) return null;
  const civil = {
    year: 2000 + (octet(6) & 0x7f),
    month: octet(5) & 0x0f,
    day: octet(4) & 0x1f,
    hour: octet(3) & 0x1f,
    minute: octet(2) & 0x3f,
    second: Math.floor(ms / 1000),
    ms: ms % 1000,
  };
  const localMs = toEpochMs(civil, zone);
  return localMs === null ? null : localMs - (summer || (octet(3) & 0x80) !== 0 ? HOUR_MS : 0);
}

/** `null` where the calendar has no such time, or where no zone is known. */
function toEpochMs(civil: CivilTime, zone: string | undefined): number | null {
  if (zone === undefined) return null;
  const asUtcMs = Date.UTC(
    civil.year,
    civil.month - 1,
    civil.day,
    civil.hour,
    civil.minute,
    civil.second,
    civil.ms,
  );
  const back = new Date(asUtcMs);
  const sound =
    civil.year >= 1900 &&
    back.getUTCMonth() === civil.month - 1 &&
    back.getUTCDate() === civil.day &&
    back.getUTCHours() === civil.hour &&
    back.getUTCMinutes() === civil.minute &&
    back.getUTCSeconds() === civil.second;
  if (!sound) return null;
  const fixedMs = fixedOffsetMs(zone);
  if (fixedMs !== null) return asUtcMs - fixedMs;
  // Twice, because the offset at the first guess may be that of the other side of a change of the clocks.
  const guessMs = asUtcMs - zoneOffsetMs(zone, asUtcMs);
  return asUtcMs - zoneOffsetMs(zone, guessMs);
}

function fixedOffsetMs(zone: string): number | null {
  if (zone === 'Z') return 0;
  const match = OFFSET.exec(zone);
  if (!match) return null;
  const [, sign, hours, minutes] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * 60_000);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, made);
  return made;
}

function zoneOffsetMs(zone: string, instantMs: number): number {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const localMs = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return localMs - Math.floor(instantMs / 1000) * 1000;
}
