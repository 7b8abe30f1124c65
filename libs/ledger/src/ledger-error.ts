/** What the ledger refuses. Nothing of the entry is booked. */
export type LedgerErrorCode =
  | 'ledger.key_reused'
  | 'ledger.entry_unknown'
  | 'ledger.already_reversed'
  | 'ledger.reversal_not_reversible'
  | 'ledger.balance_too_low'
  | 'ledger.period_missing'
  | 'ledger.period_closed'
  | 'ledger.period_on_hold'
  | 'ledger.period_in_order'
  | 'ledger.period_state';

/** An error that programs match on by its dotted `code`; the message is for people, Chinese first. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  constructor(
    readonly code: LedgerErrorCode,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}
