import type { CheckRow } from '#contracts';
import type { CheckFinding } from '#domain';

export type SubjectKind = 'station' | 'village' | 'county' | 'bank_line' | 'run' | 'ledger_entry';

/** A finding as a run sees it: with its place and the rows behind it. */
export interface SeenFinding extends CheckFinding {
  subjectKind: SubjectKind;
  /** Tells findings of one rule and subject apart; empty where there is one. */
  part: string;
  countyCode: string | null;
  /** The first of them; `rowCount` says of how many. */
  rows: CheckRow[];
  rowCount: number;
}

/** Rows kept of a finding: enough to see what it is, few enough for a screen. */
const ROWS_MAX = 50;

const EMPTY: CheckRow = {
  stationCode: null,
  stationName: null,
  villageCode: null,
  month: null,
  day: null,
  component: null,
  reference: null,
  amountFen: null,
  energyWh: null,
  note: null,
};

/** A row with what is known of it. */
export const row = (known: Partial<CheckRow>): CheckRow => ({ ...EMPTY, ...known });

/** Puts findings in their place. */
export function seen(
  findings: readonly CheckFinding[],
  at: { subjectKind: SubjectKind; countyCode: string | null; part?: string; rows?: readonly CheckRow[] },
): SeenFinding[] {
  const { subjectKind, countyCode, part = '', rows = [] } = at;
  return findings.map((finding) => ({
    ...finding,
    subjectKind,
    countyCode,
    part,
    rows: rows.slice(0, ROWS_MAX),
    rowCount: rows.length,
  }));
}

/** Rows of a query by what they belong to, in their order. */
export const grouped = <Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> =>
  Map.groupBy(rows, key);
