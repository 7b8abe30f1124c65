/** Digits of an amount that is typed: beyond it is a mistake, and 64 bits hold it. */
const YUAN_DIGITS_MAX = 13;

/**
 * Yuan as people type or paste them → fen: `10,657.20`, `¥5`, `-3`, `(3.00)`, full-width digits. Null where nothing stands
 * there, undefined where it is no amount or has more than two decimals.
 */
export function toBookFen(text: string): bigint | null | undefined {
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace(/^[¥￥]\s*/, '')
    .replace(/^\((.+)\)$/, '-$1');
  if (plain === '') return null;
  const match = /^([-−+]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d*))?$/.exec(plain);
  if (!match) return undefined;
  const whole = (match[2] ?? '').replaceAll(',', '');
  const decimals = (match[3] ?? '').replace(/0+$/, '');
  if (whole.length > YUAN_DIGITS_MAX || decimals.length > 2) return undefined;
  const fen = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'));
  return match[1] === '-' || match[1] === '−' ? -fen : fen;
}

/** Fen → yuan as it is typed, `10657.20`. */
export function bookFenTyped(amountFen: string): string {
  const isNegative = amountFen.startsWith('-');
  const digits = amountFen.replace('-', '').padStart(3, '0');
  return `${isNegative ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A day as people type it, `2025-6-3`, `2025/06/03`, `2025年6月3日` or `20250603`; null where it is none. */
export function toDay(text: string): string | null {
  const plain = text.normalize('NFKC').trim();
  const match =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(plain) ??
    /^(\d{4})年(\d{1,2})月(\d{1,2})日$/.exec(plain) ??
    /^(\d{4})(\d{2})(\d{2})$/.exec(plain);
  if (!match) return null;
  const [, year = '', month = '', day = ''] = match;
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const instant = new Date(`${iso}T00:00:00.000Z`);
  // 31 June would become 1 July.
  return !Number.isNaN(instant.getTime()) && instant.toISOString().slice(0, 10) === iso ? iso : null;
}
