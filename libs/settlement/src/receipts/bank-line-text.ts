import type { BankLine } from './receipt.repository.ts';

/** Text that is the same for the same line of the bank, in fixed places: the same reference with another is refused. */
export function bankLineText(line: BankLine): string {
  return JSON.stringify([
    line.countyCode,
    line.bankAccount,
    line.bankReference,
    line.bookedOn,
    String(line.amountFen),
    line.payer,
    line.purpose,
  ]);
}
