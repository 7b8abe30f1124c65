/** Amounts as people type them, read without a float. Null where nothing stands there, undefined where it is no amount. */

/** A decimal number of at most `decimals` places as a whole number of its smallest part. */
function partsOfText(text: string, decimals: number): bigint | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const match = /^(\d{1,7})(?:\.(\d+))?$/.exec(trimmed);
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > decimals) return undefined;
  return BigInt(match[1] ?? '0') * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0'));
}

/** Yuan as typed → fen as text. */
export function fenOfYuanText(text: string): string | null | undefined {
  const fen = partsOfText(text, 2);
  return typeof fen === 'bigint' ? fen.toString() : fen;
}

/** A price in yuan as typed → hao (1/10,000 yuan). */
export function haoOfYuanText(text: string): number | null | undefined {
  const hao = partsOfText(text, 4);
  return typeof hao === 'bigint' ? Number(hao) : hao;
}

/** Fen → yuan as it is typed, `300.00`. */
export function yuanText(amountFen: string): string {
  const digits = amountFen.padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
