import { MoneyError } from '../allocation/money-error.ts';

/**
 * One price component of one grid account and month, as the document states it (domain.md 2.3). Null is not on the
 * paper; tax is as stated and never calculated.
 */
export interface StatedComponent {
  /** 户号, 10 or 13 digits. */
  accountNo: string;
  month: string;
  /** `base`, `subsidy` and what the next price document brings. */
  component: string;
  energyWh: bigint | null;
  /** Decimal text without trailing zeros; shown, never calculated with. */
  priceYuanPerKwh: string | null;
  amountFen: bigint;
  /** Total payable of the whole document. */
  totalFen: bigint | null;
  accountName: string | null;
  readFrom: string | null;
  readTo: string | null;
  /** Readings before the multiplier. */
  previousWh: bigint | null;
  presentWh: bigint | null;
  multiplier: number | null;
  taxRateBp: number | null;
  taxFen: bigint | null;
  taxCode: string | null;
  invoiceNo: string | null;
  payOn: string | null;
  payeeName: string | null;
  payeeAccount: string | null;
  handledBy: string | null;
}

/** What is in force of an account, month and component. */
export interface StatementInForce {
  id: bigint;
  version: number;
  stated: StatedComponent;
  /** Money that came for it, fen. */
  receivedFen: bigint;
}

/** What a row of a file does to what is stored. */
export type StatementChange =
  | { kind: 'stated'; version: number; reverses: null }
  | { kind: 'corrected'; version: number; reverses: StatementInForce }
  | { kind: 'unchanged'; version: number; reverses: null }
  /** Money came for it: the paper is not taken back, the difference is an adjustment in the open period. */
  | { kind: 'already_received'; version: number; reverses: StatementInForce };

const PLACES = [
  'accountNo',
  'month',
  'component',
  'energyWh',
  'priceYuanPerKwh',
  'amountFen',
  'totalFen',
  'accountName',
  'readFrom',
  'readTo',
  'previousWh',
  'presentWh',
  'multiplier',
  'taxRateBp',
  'taxFen',
  'taxCode',
  'invoiceNo',
  'payOn',
  'payeeName',
  'payeeAccount',
  'handledBy',
] as const satisfies readonly (keyof StatedComponent)[];

/** Text that is the same for the same statement; a JSON array with fixed places, so that no field leaks into the next. */
export function statementText(stated: StatedComponent): string {
  return JSON.stringify(
    PLACES.map((place) => {
      const value = stated[place];
      return value === null ? null : String(value);
    }),
  );
}

/**
 * What a stated component does to the one in force: nothing where it says the same, a reversal and a new version where
 * it says something else (requirement 21). Nothing is written over.
 * @param lastVersion the highest version there ever was, 0 where there is none
 * @throws MoneyError `money.bad_range` where `inForce` is of another account, month or component
 */
export function planStatement(input: {
  stated: StatedComponent;
  inForce: StatementInForce | null;
  lastVersion: number;
}): StatementChange {
  const { stated, inForce, lastVersion } = input;
  if (inForce === null) return { kind: 'stated', version: lastVersion + 1, reverses: null };
  if (statementKey(inForce.stated) !== statementKey(stated))
    throw new MoneyError('money.bad_range', '不是同一户号、月份和电价项目 (not the same statement)');
  if (statementText(inForce.stated) === statementText(stated))
    return { kind: 'unchanged', version: inForce.version, reverses: null };
  const next = { version: lastVersion + 1, reverses: inForce };
  return inForce.receivedFen === 0n ? { kind: 'corrected', ...next } : { kind: 'already_received', ...next };
}

/** What is unique among the statements in force. */
export function statementKey({
  accountNo,
  month,
  component,
}: Pick<StatedComponent, 'accountNo' | 'month' | 'component'>): string {
  return `${accountNo}/${month}/${component}`;
}
