import type { BankLineEntry } from '#contracts';
import { isBlank, type GridRow } from './gridRows.ts';
import { toBookFen, toDay } from './gridMoney.ts';

/** Columns of the lines that are typed, in the order of a bank statement. */
export const BANK_COLUMNS = ['bookedOn', 'bankReference', 'amount', 'payer', 'purpose'] as const;

interface BankFault {
  column: number;
  key: 'day' | 'future' | 'reference' | 'twice' | 'amount' | 'long';
}

const TEXT_MAX = { payer: 120, purpose: 200, reference: 60 } as const;

/**
 * Typed rows as entries of the api, without the blank ones; what is wrong is told by row. Money taken back by the payer
 * (below zero) is refused or taken by the server, which knows what it may be matched with.
 */
export function bankEntries(
  rows: readonly GridRow[],
  at: { county: string; bankAccount: string; today: string },
): { lines: BankLineEntry[]; faults: Map<number, BankFault[]> } {
  const lines: BankLineEntry[] = [];
  const faults = new Map<number, BankFault[]>();
  const seen = new Set<string>();
  for (const [index, row] of rows.entries()) {
    if (isBlank(row)) continue;
    const [bookedText = '', reference = '', amountText = '', payer = '', purpose = ''] = row.map((cell) =>
      cell.trim(),
    );
    const found: BankFault[] = [];
    const bookedOn = toDay(bookedText);
    const amountFen = toBookFen(amountText);
    if (bookedOn === null) found.push({ column: 0, key: 'day' });
    else if (at.today !== '' && bookedOn > at.today) found.push({ column: 0, key: 'future' });
    if (reference === '' || reference.length > TEXT_MAX.reference)
      found.push({ column: 1, key: 'reference' });
    else if (seen.has(reference)) found.push({ column: 1, key: 'twice' });
    if (typeof amountFen !== 'bigint' || amountFen === 0n) found.push({ column: 2, key: 'amount' });
    if (payer.length > TEXT_MAX.payer) found.push({ column: 3, key: 'long' });
    if (purpose.length > TEXT_MAX.purpose) found.push({ column: 4, key: 'long' });
    seen.add(reference);
    if (found.length > 0) faults.set(index, found);
    else if (bookedOn !== null && typeof amountFen === 'bigint')
      lines.push({
        county: at.county,
        bankAccount: at.bankAccount,
        bankReference: reference,
        bookedOn,
        amountFen: String(amountFen),
        payer: payer === '' ? null : payer,
        purpose: purpose === '' ? null : purpose,
      });
  }
  return { lines, faults };
}
