/** What money rules refuse. Programs match on the dotted code; the message is for people, Chinese first. */
export type MoneyErrorCode =
  | 'money.unknown_value'
  | 'money.bad_fraction'
  | 'money.bad_range'
  | 'allocation.no_shares'
  | 'allocation.negative_share'
  | 'allocation.zero_shares'
  | 'allocation.duplicate_village'
  | 'allocation.shares_not_one'
  | 'allocation.no_energy'
  | 'allocation.successor_missing'
  | 'allocation.successor_cycle'
  | 'tariff.missing'
  | 'tariff.overlap'
  | 'policy.missing'
  | 'policy.ambiguous'
  | 'deduction.loan_forbidden'
  | 'deduction.bad_rule'
  | 'receivable.pin_not_possible'
  | 'calendar.year_unknown'
  | 'ledger.bad_entry'
  | 'ledger.not_zero';

/** A money rule that was not met. Nothing was computed. */
export class MoneyError extends Error {
  override readonly name = 'MoneyError';
  readonly code: MoneyErrorCode;

  constructor(code: MoneyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
