import { DEVICE_STATUS_CODES, READINGS_PER_MESSAGE_MAX } from '#contracts';
import {
  QUARANTINE_REASONS,
  type DecodedMessage,
  type ProfileDecoded,
  type ProfileReading,
  type Reading,
} from '#ingestion';

const INT2_MAX = 32_767;
const INT4_MAX = 2_147_483_647;
/** What a reason for a person may need; a payload quoted in full would fill the log. */
const DETAIL_LENGTH_MAX = 1000;
const CODE_LENGTH_MAX = 200;

/** What is wrong with a decoder's answer, or null. Every number must fit its column, every text the database. */
export function unsoundness(decoded: DecodedMessage | ProfileDecoded): string | null {
  const { readings, rejections } = decoded;
  if (readings.length > READINGS_PER_MESSAGE_MAX) return `${readings.length} readings`;
  for (const reading of readings) {
    const problem = ofReading(reading) ?? ('sourceId' in reading ? ofSource(reading) : null);
    if (problem !== null) return problem;
  }
  for (const { reason, detail } of rejections) {
    if (!QUARANTINE_REASONS.includes(reason)) return `reason ${reason}`;
    if (detail === '' || detail.length > DETAIL_LENGTH_MAX) return `detail of ${detail.length} characters`;
  }
  if (!('numbers' in decoded)) return null;
  for (const { seq, measuredAtMs } of decoded.numbers)
    if (!Number.isSafeInteger(seq) || seq < 0 || !Number.isSafeInteger(measuredAtMs))
      return `number ${seq} at ${measuredAtMs}`;
  return null;
}

function ofReading(reading: Reading | ProfileReading): string | null {
  if (!Number.isSafeInteger(reading.measuredAtMs)) return `measuredAtMs ${reading.measuredAtMs}`;
  const columns: readonly [string, readonly (number | null)[] | null, number][] = [
    ['activePowerW', [reading.activePowerW], INT4_MAX],
    ['energyTotalWh', [reading.energyTotalWh], Number.MAX_SAFE_INTEGER],
    ['energyDayWh', [reading.energyDayWh], INT4_MAX],
    ['temperatureDc', [reading.temperatureDc], INT2_MAX],
    ['frequencyChz', [reading.frequencyChz], INT2_MAX],
    ['lineVoltagesDv', reading.lineVoltagesDv, INT2_MAX],
    ['phaseCurrentsCa', reading.phaseCurrentsCa, INT4_MAX],
    ['stringVoltagesDv', reading.stringVoltagesDv, INT2_MAX],
    ['stringCurrentsCa', reading.stringCurrentsCa, INT2_MAX],
    ['seq', [reading.seq], Number.MAX_SAFE_INTEGER],
  ];
  for (const [name, values, max] of columns)
    for (const value of values ?? [])
      if (value !== null && !(Number.isInteger(value) && Math.abs(value) <= max)) return `${name} ${value}`;
  if (reading.status !== null && !Object.hasOwn(DEVICE_STATUS_CODES, reading.status))
    return `status ${reading.status}`;
  return ofText('faultCode', reading.faultCode) ?? ofText('vendorStatus', reading.vendorStatus ?? null);
}

function ofSource({ sourceId, extras }: ProfileReading): string | null {
  if (/[\p{Cc}\p{Cs}]/u.test(sourceId)) return 'control characters in the source id';
  const bad = Object.entries(extras).find(([, value]) => value !== null && !Number.isFinite(value));
  return bad ? `${bad[0]} ${bad[1]}` : null;
}

function ofText(name: string, text: string | null): string | null {
  if (text === null) return null;
  if (text.includes('\0') || !text.isWellFormed()) return `${name} holds what a text column refuses`;
  return text.length > CODE_LENGTH_MAX ? `${name} of ${text.length} characters` : null;
}
