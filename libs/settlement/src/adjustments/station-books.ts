import {
  monthRange,
  type GivenPool,
  type StatementCorrection,
  type StationMonthBooks,
  type StationRights,
} from '#domain';
import type { Queryable } from '#persistence';
import { villageLineages } from '../allocation/allocation.repository.ts';
import { rightsOf, villagesOfRights } from '../allocation/rights.ts';
import {
  adjustedLines,
  givenLines,
  givenSpans,
  pendingCorrections,
  statedSums,
  type BooksQuery,
  type GivenLine,
  type GivenSpan,
  type PendingCorrection,
} from './books.repository.ts';

/** A station-month that may want an adjustment. */
export interface BooksOfStation {
  stationId: number;
  books: StationMonthBooks;
  corrections: PendingCorrection[];
}

/**
 * Books of the station-months whose runs can no longer be voided and made again, of those that were adjusted, and of those
 * for which a late paper came.
 */
export async function readBooks(transaction: Queryable, query: BooksQuery): Promise<BooksOfStation[]> {
  const given = await givenLines(transaction, query);
  const corrections = await pendingCorrections(transaction, query);
  const wanted = new Map<string, { stationId: number; stationCode: string; month: string }>();
  const adjusted = await adjustedLines(transaction, query);
  for (const each of [...given.filter(({ isFixed }) => isFixed), ...adjusted, ...corrections])
    wanted.set(keyOf(each), each);
  if (wanted.size === 0) return [];
  const rights = await rightsByMonth(transaction, [...wanted.values()]);
  const villages = await villageLineages(transaction, villagesOfRights(rights));
  const linesOf = Map.groupBy(given, keyOf);
  const spansOf = Map.groupBy(await givenSpans(transaction, query), keyOf);
  const adjustedOf = Map.groupBy(adjusted, keyOf);
  const statedOf = Map.groupBy(await statedSums(transaction, query), keyOf);
  const correctionsOf = Map.groupBy(corrections, keyOf);
  return [...wanted].map(([key, { stationId, stationCode, month }]) => {
    const own = correctionsOf.get(key) ?? [];
    return {
      stationId,
      corrections: own,
      books: {
        stationCode,
        month,
        pools: poolsOf(linesOf.get(key) ?? [], spansOf.get(key) ?? []),
        adjusted: adjustedOf.get(key) ?? [],
        statedFen: new Map((statedOf.get(key) ?? []).map((each) => [each.component, each.amountFen])),
        corrections: own.map((each): StatementCorrection => each),
        rights: rights.get(key) ?? { shares: [], days: [] },
        villages,
      },
    };
  });
}

const keyOf = ({ stationId, month }: { stationId: number; month: string }) => `${stationId}/${month}`;

/** Shares and days of each month by itself: the days of a year would be read for every month of it. */
async function rightsByMonth(
  transaction: Queryable,
  wanted: readonly { stationId: number; stationCode: string; month: string }[],
): Promise<Map<string, StationRights>> {
  const found = new Map<string, StationRights>();
  for (const [month, rows] of Map.groupBy(wanted, (each) => each.month)) {
    monthRange(month);
    const rights = await rightsOf(transaction, rows);
    for (const row of rows) {
      const own = rights.get(row.stationCode);
      if (own) found.set(keyOf(row), own);
    }
  }
  return found;
}

function poolsOf(lines: readonly GivenLine[], spans: readonly GivenSpan[]): GivenPool[] {
  return [...Map.groupBy(lines, ({ runId, component }) => `${runId}/${component}`).values()].flatMap(
    (parts) =>
      parts.slice(0, 1).map(({ runId, component, day }) => ({
        runId,
        component,
        day,
        poolFen: parts.reduce((sum, { amountFen }) => sum + amountFen, 0n),
        parts,
        spans: spans.filter((each) => each.runId === runId),
      })),
  );
}
