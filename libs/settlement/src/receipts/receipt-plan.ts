import type { ReceiptMatchEntry } from '#contracts';
import { matchLump, matchTakenBack, type LumpMatch, type Receivable } from '#domain';
import type { Queryable } from '#persistence';
import { ProblemError } from '#platform';
import {
  isTransferReference,
  openStatements,
  receivedStatements,
  type NewMatch,
  type OpenStatement,
  type StoredBankLine,
} from './receipt.repository.ts';

export interface PlannedMatch extends NewMatch {
  /** With what is open of it, or of what was received where money is taken back. */
  statement: OpenStatement;
}

interface MatchPlan {
  planned: PlannedMatch[];
  unmatchedFen: bigint;
}

/**
 * What the rest of a line of the bank pays, or takes back. Lumps are matched by station and month; accounts of one station
 * in the order of their numbers.
 * @throws ProblemError 422 `receipt.nothing_left`, `receipt.nothing_open`, `receipt.is_transfer`
 * @throws MoneyError `receivable.pin_not_possible`
 */
export async function planMatches(
  transaction: Queryable,
  line: StoredBankLine,
  entry: ReceiptMatchEntry,
): Promise<MatchPlan> {
  const leftFen = line.amountFen - line.matchedFen;
  if (leftFen === 0n)
    throw new ProblemError(
      422,
      'receipt.nothing_left',
      '这笔流水没有可核销的余额 (nothing is left of the line)',
    );
  if (await isTransferReference(transaction, line))
    throw new ProblemError(
      422,
      'receipt.is_transfer',
      '这笔流水是拨付到村的款项，不与结算单核销 (the line is a transfer to a village)',
    );
  const of = { countyCode: line.countyCode, component: entry.component };
  return leftFen > 0n
    ? planReceipt(await openStatements(transaction, of), leftFen, entry)
    : planTakenBack(await receivedStatements(transaction, of), leftFen, entry);
}

function planReceipt(open: readonly OpenStatement[], amountFen: bigint, entry: ReceiptMatchEntry): MatchPlan {
  if (open.length === 0)
    throw new ProblemError(422, 'receipt.nothing_open', '该项目没有应收 (nothing is open of this component)');
  const lump = matchLump({ amountFen, receivables: byStationMonth(open), pinned: pinsOf(entry, 1n) });
  return { planned: overAccounts(lump.matches, open), unmatchedFen: lump.unmatchedFen };
}

function planTakenBack(
  received: readonly (OpenStatement & { excessFen: bigint })[],
  amountFen: bigint,
  entry: ReceiptMatchEntry,
): MatchPlan {
  if (received.length === 0)
    throw new ProblemError(
      422,
      'receipt.nothing_open',
      '该项目没有可退回的到账 (nothing of this component was received)',
    );
  // A person's pins are the whole word; without them, what is more than is stated goes before the newest.
  const excess = received
    .filter(({ excessFen }) => excessFen > 0n)
    .map((statement) => ({ ...statement, openFen: statement.excessFen }));
  const first =
    entry.pinned.length > 0 || excess.length === 0
      ? { matches: [], unmatchedFen: amountFen }
      : matchTakenBack({ amountFen, received: byStationMonth(excess) });
  const firstPlanned = overAccounts(first.matches, excess);
  const taken = new Map(firstPlanned.map((each) => [each.statementId, each.amountFen]));
  const rest = received
    .map((statement) => ({
      ...statement,
      openFen: statement.openFen + (taken.get(statement.statementId) ?? 0n),
    }))
    .filter(({ openFen }) => openFen > 0n);
  const second =
    first.unmatchedFen === 0n
      ? { matches: [], unmatchedFen: 0n }
      : matchTakenBack({
          amountFen: first.unmatchedFen,
          received: byStationMonth(rest),
          pinned: pinsOf(entry, -1n),
        });
  return {
    planned: joined([...firstPlanned, ...overAccounts(second.matches, rest)], received),
    unmatchedFen: second.unmatchedFen,
  };
}

function pinsOf(entry: ReceiptMatchEntry, sign: bigint) {
  return entry.pinned.map(({ station, month, amountFen }) => ({
    stationCode: station,
    month,
    amountFen: sign * BigInt(amountFen),
  }));
}

const keyOf = ({ stationCode, month }: { stationCode: string; month: string }) => `${stationCode}/${month}`;

function byStationMonth(statements: readonly OpenStatement[]): Receivable[] {
  return [...Map.groupBy(statements, keyOf).values()].flatMap((rows) =>
    rows.slice(0, 1).map(({ stationCode, month }) => ({
      stationCode,
      month,
      openFen: rows.reduce((sum, { openFen }) => sum + openFen, 0n),
    })),
  );
}

/** The amount of a station-month over its accounts, with the sign of the match. */
function overAccounts(matches: LumpMatch['matches'], statements: readonly OpenStatement[]): PlannedMatch[] {
  const byMonth = Map.groupBy(statements, keyOf);
  return matches.flatMap((match) => {
    const sign = match.amountFen < 0n ? -1n : 1n;
    let restFen = sign * match.amountFen;
    return (byMonth.get(keyOf(match)) ?? []).flatMap((statement): PlannedMatch[] => {
      const takenFen = statement.openFen < restFen ? statement.openFen : restFen;
      restFen -= takenFen;
      if (takenFen === 0n) return [];
      const { statementId } = statement;
      return [{ statement, statementId, amountFen: sign * takenFen, isPinned: match.isPinned }];
    });
  });
}

/** One match a statement, with all that was received for it. */
function joined(planned: readonly PlannedMatch[], received: readonly OpenStatement[]): PlannedMatch[] {
  return [...Map.groupBy(planned, ({ statementId }) => statementId)].flatMap(([statementId, rows]) => {
    const statement = received.find((each) => each.statementId === statementId);
    return statement === undefined
      ? []
      : [
          {
            statement,
            statementId,
            amountFen: rows.reduce((sum, { amountFen }) => sum + amountFen, 0n),
            isPinned: rows.some(({ isPinned }) => isPinned),
          },
        ];
  });
}
