import type { DeviceStatus } from '#contracts';
import { isRecord, valueAt } from './places.ts';
import type { FieldRule, Profile } from './profile.ts';
import { isNumberTarget, TARGETS, unitFactor } from './targets.ts';
import type { NumberTarget } from './targets.ts';

/** One place of a reading and what a message says about it. `lost` marks a value that was there and is not usable. */
export interface Patch {
  /** A target, with its DC input where it has one: `string_voltage.3`; also `vendor_status`. */
  slot: string;
  value: number | string | null;
  lost: boolean;
}

type Rules = Pick<Profile, 'textNumbers' | 'notAvailableTexts' | 'statuses'>;

const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
/** SunSpec allows -10 to 10; more would turn noise into numbers. */
const SCALE_POWER_MAX = 10;
const CODE_LENGTH_MAX = 40;

/**
 * A raw value → what it means in the reading, by the rule of its field. `holder` is the object beside it, for units and
 * scales that the message itself says. `bad` is the verdict of the device on its own value.
 */
export function interpret(
  rule: FieldRule,
  profile: Rules,
  { raw, holder, bad }: { raw: unknown; holder: unknown; bad: boolean },
): Patch[] {
  const { target } = rule;
  if (!isNumberTarget(target)) return interpretCode(rule, profile, bad ? null : raw, bad);
  if (bad) return [numberPatch(slotOf(rule), { lost: true })];
  if (rule.arrays === 'strings') {
    if (raw === null) return [];
    if (!Array.isArray(raw) || raw.length > 32) return [numberPatch(`${target}.0`, { lost: true })];
    return raw.map((item: unknown, index) =>
      numberPatch(`${target}.${index}`, toNumber(target, rule, profile, item, holder)),
    );
  }
  return [numberPatch(slotOf(rule), toNumber(target, rule, profile, raw, holder))];
}

const slotOf = ({ target, index }: FieldRule) => (index === undefined ? target : `${target}.${index}`);

type Outcome = { value: number } | { lost: boolean };
const LOST: Outcome = { lost: true };
const NOT_AVAILABLE: Outcome = { lost: false };

const numberPatch = (slot: string, outcome: Outcome): Patch =>
  'value' in outcome
    ? { slot, value: outcome.value, lost: false }
    : { slot, value: null, lost: outcome.lost };

/** In the base unit of the target, not yet rounded. */
function toNumber(
  target: NumberTarget,
  rule: FieldRule,
  profile: Rules,
  raw: unknown,
  holder: unknown,
): Outcome {
  const plain = rawNumber(rule, profile, raw);
  if (!('value' in plain)) return plain;
  if (rule.notAvailable.includes(plain.value)) return NOT_AVAILABLE;
  const signed = withSign(plain.value, rule.signedBits);
  if (rule.notAvailable.includes(signed)) return NOT_AVAILABLE;
  const scaled = withScale(signed / (rule.divisor ?? 1), rule, holder);
  if (scaled === null) return LOST;
  if (rule.notAvailableScaled.some((code) => Math.abs(code - scaled) <= Math.abs(code) * 1e-9))
    return NOT_AVAILABLE;
  const factor = factorOf(target, rule, holder);
  if (factor === undefined) return LOST;
  const value = scaled * factor;
  if (!Number.isFinite(value)) return LOST;
  if (value < (rule.min ?? -Infinity) || value > (rule.max ?? Infinity)) return LOST;
  const { scale, max } = TARGETS[target];
  return Math.abs(value * (scale ?? 1)) > max ? LOST : { value };
}

function rawNumber(rule: FieldRule, profile: Rules, raw: unknown): Outcome {
  if (raw === null) return NOT_AVAILABLE;
  if (typeof raw === 'number') return Number.isFinite(raw) ? { value: raw } : LOST;
  if (Array.isArray(raw)) return fromArray(rule, profile, raw);
  if (typeof raw !== 'string') return LOST;
  const text = raw.trim();
  if (profile.notAvailableTexts.includes(text)) return NOT_AVAILABLE;
  if (!(rule.textNumbers ?? profile.textNumbers) || text.length > 40 || !NUMBER_TEXT.test(text)) return LOST;
  const value = Number(text);
  return Number.isFinite(value) ? { value } : LOST;
}

/** Several lines or channels add up, and one that is not there makes the sum unknown. */
function fromArray(rule: FieldRule, profile: Rules, items: readonly unknown[]): Outcome {
  if (rule.arrays === undefined || items.length === 0 || items.length > 32) return LOST;
  const parts = rule.arrays === 'first' ? items.slice(0, 1) : items;
  let sum = 0;
  for (const item of parts) {
    const part = Array.isArray(item) ? LOST : rawNumber(rule, profile, item);
    if (!('value' in part)) return LOST;
    sum += part.value;
  }
  return { value: sum };
}

function withSign(value: number, bits: number | undefined): number {
  if (bits === undefined || !Number.isInteger(value)) return value;
  const range = 2 ** bits;
  return value >= range / 2 && value < range ? value - range : value;
}

/** A scale that is missing or "not implemented" leaves the value without a meaning. */
function withScale(value: number, { scalePath }: FieldRule, holder: unknown): number | null {
  if (scalePath === undefined) return value;
  const power = valueAt(holder, scalePath);
  if (typeof power !== 'number' || !Number.isInteger(power) || Math.abs(power) > SCALE_POWER_MAX) return null;
  // Dividing by a whole power of ten is exact to the last digit where multiplying by its inverse is not.
  return power < 0 ? value / 10 ** -power : value * 10 ** power;
}

function factorOf(target: NumberTarget, rule: FieldRule, holder: unknown): number | undefined {
  const stated = rule.unitPath === undefined ? undefined : valueAt(holder, rule.unitPath);
  if (stated === undefined || stated === null) return unitFactor(target, rule.unit ?? '');
  return typeof stated === 'string' ? unitFactor(target, stated.trim()) : undefined;
}

function interpretCode(rule: FieldRule, profile: Rules, raw: unknown, bad: boolean): Patch[] {
  const { target } = rule;
  const text = codeText(raw);
  const lost = bad || text === undefined;
  if (target === 'seq') {
    const seq = text === null || text === undefined || !/^\d{1,15}$/.test(text) ? null : Number(text);
    return [{ slot: 'seq', value: seq, lost: lost || (text !== null && seq === null) }];
  }
  const known =
    text === undefined || (text !== null && profile.notAvailableTexts.includes(text)) ? null : text;
  if (target === 'fault_code') {
    const none = known !== null && NUMBER_TEXT.test(known) && rule.notAvailable.includes(Number(known));
    return [{ slot: 'fault_code', value: none ? null : known, lost }];
  }
  const status: DeviceStatus | null =
    known !== null && Object.hasOwn(profile.statuses, known) ? (profile.statuses[known] ?? null) : null;
  return [
    { slot: 'status', value: status, lost },
    { slot: 'vendor_status', value: known, lost: false },
  ];
}

/** `null` is no code; `undefined` is something that cannot be one. */
function codeText(raw: unknown): string | null | undefined {
  if (raw === null) return null;
  if (typeof raw === 'boolean' || (typeof raw === 'number' && Number.isFinite(raw))) return String(raw);
  if (typeof raw !== 'string' || raw.length > CODE_LENGTH_MAX || /[\p{Cc}\p{Cs}]/u.test(raw))
    return undefined;
  return raw.trim() === '' ? null : raw.trim();
}

/** Whether the device itself calls one of its values unusable (invalid, not topical, blocked). */
export function isBadItem(item: unknown, badWhen: readonly { path: string; equals: unknown[] }[]): boolean {
  return (
    isRecord(item) &&
    badWhen.some(({ path, equals }) => {
      const mark = valueAt(item, path);
      return equals.some((bad) => bad === mark);
    })
  );
}
