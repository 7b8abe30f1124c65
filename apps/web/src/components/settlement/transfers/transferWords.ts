import type { VillageTransferView } from '#contracts';

export const TRANSFER_STATES = ['prepared', 'confirmed', 'failed'] as const;
export type TransferState = (typeof TRANSFER_STATES)[number];

/** References as they are pasted from a column of a bank's file: one a line, empty lines at the end left out. */
export function pastedReferences(text: string): string[] {
  return text
    .replace(/\s+$/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => (line.split('\t')[0] ?? '').trim());
}

/** References after a paste into the row `from`; rows past the end are not invented. */
export function withPasted(references: readonly string[], from: number, text: string): string[] {
  const pasted = pastedReferences(text);
  return references.map((reference, index) => pasted[index - from] ?? reference);
}

/** Sum of what is chosen, fen. */
export const sumFen = (items: readonly Pick<VillageTransferView, 'amountFen'>[]): string =>
  String(items.reduce((sum, { amountFen }) => sum + BigInt(amountFen), 0n));
