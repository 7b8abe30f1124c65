import { SHANGHAI_OFFSET_MS } from '#domain';

/** Fen as yuan with two decimals and nothing else, such as `-1234.50`; exact at any size. */
export function yuanText(amountFen: bigint): string {
  const size = amountFen < 0n ? -amountFen : amountFen;
  return `${amountFen < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`;
}

/** Yuan as print shows them: thousands apart, fen always, negative in brackets; unknown is a dash. */
export function printedYuan(amountFen: bigint | null): string {
  if (amountFen === null) return '—';
  const size = amountFen < 0n ? -amountFen : amountFen;
  const text = `${grouped(size / 100n)}.${String(size % 100n).padStart(2, '0')}`;
  return amountFen < 0n ? `(${text})` : text;
}

/** Wh as kWh with at most three decimals, such as `32100` or `0.5`. */
export function kwhText(energyWh: bigint): string {
  const size = energyWh < 0n ? -energyWh : energyWh;
  const decimals = String(size % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${energyWh < 0n ? '-' : ''}${size / 1000n}${decimals === '' ? '' : `.${decimals}`}`;
}

/** Wh as whole kWh for print, half away from zero; unknown is a dash. */
export function printedKwh(energyWh: bigint | null): string {
  if (energyWh === null) return '—';
  const size = energyWh < 0n ? -energyWh : energyWh;
  return `${energyWh < 0n ? '-' : ''}${grouped((size + 500n) / 1000n)}`;
}

/** A price in hao (1/10,000 yuan) a kWh as yuan with four decimals. */
export function priceText(priceHaoPerKwh: bigint): string {
  const size = priceHaoPerKwh < 0n ? -priceHaoPerKwh : priceHaoPerKwh;
  return `${priceHaoPerKwh < 0n ? '-' : ''}${size / 10_000n}.${String(size % 10_000n).padStart(4, '0')}`;
}

/** Sum in fen. */
export const sumFen = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, each) => sum + each, 0n);

const grouped = (value: bigint) => value.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** `YYYY-MM-DD HH:mm` in Asia/Shanghai. */
export function shanghaiText(instant: Date): string {
  const local = new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)}`;
}
