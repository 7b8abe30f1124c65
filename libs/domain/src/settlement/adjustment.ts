import { compareCodes } from '../allocation/allocate.ts';
import type { VillageLineage } from '../allocation/villages.ts';
import type { Posting } from '../ledger/entry.ts';
import { allocationPostings, settlementPostings } from './postings.ts';
import { splitPool, type RunSpan, type StationRights } from './run.ts';

/** What an approved run gave out of a station, month and component. */
export interface GivenPool {
  runId: number;
  component: string;
  poolFen: bigint;
  /** Shanghai day of the run: who was merged later was paid rightly. */
  day: string;
  parts: readonly { villageCode: string; amountFen: bigint }[];
  spans: readonly Pick<RunSpan, 'from' | 'to' | 'energyWh'>[];
}

/** A later paper of a statement for which money came. */
export interface StatementCorrection {
  correctionId: bigint;
  component: string;
  /** In force until now, and what the paper says, fen. */
  beforeFen: bigint;
  afterFen: bigint;
}

/** What an approved run rested on, and what is known now, of one station-month. */
export interface StationMonthBooks {
  stationCode: string;
  month: string;
  pools: readonly GivenPool[];
  /** What approved adjustments gave before, by component and village. */
  adjusted: readonly { component: string; villageCode: string; amountFen: bigint }[];
  /** In force of each component without the corrections, fen. */
  statedFen: ReadonlyMap<string, bigint>;
  corrections: readonly StatementCorrection[];
  rights: StationRights;
  villages: ReadonlyMap<string, VillageLineage>;
}

export type AdjustmentCause = 'shares' | 'energy' | 'statement';

export interface AdjustmentLine {
  component: string;
  villageCode: string;
  beforeFen: bigint;
  afterFen: bigint;
}

/** What would be booked in the open period; what was booked stands. */
export interface AdjustmentPlan {
  cause: AdjustmentCause;
  /** Change of what the grid owes by component, fen. */
  settled: { component: string; deltaFen: bigint }[];
  settledFen: bigint;
  /** Villages whose amount changes, by component and village code. */
  lines: AdjustmentLine[];
  totalFen: bigint;
}

/**
 * Compares what was given out of a station-month with what would result from the shares, the energy and the statements
 * that are known now (ADR 0016, 0019). Each pool of a run is split again by itself; where more was given out than is stated,
 * the difference is split as the mirror. What is stated more is given out when it is received, by a run.
 * @returns null where nothing is different
 * @throws MoneyError as `allocateRange` and `payeeShares`: what is unknown is no adjustment
 */
export function planAdjustment(books: StationMonthBooks): AdjustmentPlan | null {
  // A run that was voided leaves its adjustments behind: they are taken back, too.
  const components = [...new Set([...books.pools, ...books.adjusted].map(({ component }) => component))].sort(
    compareCodes,
  );
  let hasNewSpans = false;
  const lines = components.flatMap((component) => {
    const target = targetOf(books, component);
    hasNewSpans ||= target.hasNewSpans;
    return differences(component, givenBefore(books, component), target.byVillage);
  });
  const settled = settledDeltas(books.corrections);
  if (lines.length === 0 && settled.length === 0) return null;
  return {
    cause: books.corrections.length > 0 ? 'statement' : hasNewSpans ? 'shares' : 'energy',
    settled,
    settledFen: settled.reduce((sum, { deltaFen }) => sum + deltaFen, 0n),
    lines,
    totalFen: lines.reduce((sum, { beforeFen, afterFen }) => sum + afterFen - beforeFen, 0n),
  };
}

function givenBefore(books: StationMonthBooks, component: string): Map<string, bigint> {
  const given = new Map<string, bigint>();
  for (const pool of books.pools) if (pool.component === component) addParts(given, pool.parts);
  addParts(
    given,
    books.adjusted.filter((each) => each.component === component),
  );
  return given;
}

function targetOf(
  books: StationMonthBooks,
  component: string,
): { byVillage: Map<string, bigint>; hasNewSpans: boolean } {
  const { stationCode, month, villages } = books;
  const rights = new Map([[stationCode, books.rights]]);
  const byVillage = new Map<string, bigint>();
  const pools = books.pools.filter((pool) => pool.component === component);
  let hasNewSpans = pools.length === 0;
  let givenFen = 0n;
  let lastDay = '';
  for (const { poolFen, day, spans } of pools) {
    const pool = { stationCode, month, component, amountFen: poolFen };
    const split = splitPool(pool, { rights, villages, day });
    addParts(byVillage, split.lines);
    givenFen += poolFen;
    lastDay = day > lastDay ? day : lastDay;
    // The same spans with other energy are a late reading; other spans, or one with other parts, are other shares.
    const isEnergyAlone = split.spans.length > 1 && spanDays(split.spans) === spanDays(spans);
    hasNewSpans ||= !isEnergyAlone;
  }
  const excessFen = givenFen - statedNow(books, component);
  if (excessFen > 0n) {
    const pool = { stationCode, month, component, amountFen: -excessFen };
    addParts(byVillage, splitPool(pool, { rights, villages, day: lastDay }).lines);
  }
  return { byVillage, hasNewSpans };
}

function statedNow({ statedFen, corrections }: StationMonthBooks, component: string): bigint {
  const correctedFen = corrections
    .filter((each) => each.component === component)
    .reduce((sum, { beforeFen, afterFen }) => sum + afterFen - beforeFen, statedFen.get(component) ?? 0n);
  return correctedFen > 0n ? correctedFen : 0n;
}

const spanDays = (spans: readonly { from: string; to: string }[]) =>
  spans.map(({ from, to }) => `${from}/${to}`).join(' ');

function addParts(
  sums: Map<string, bigint>,
  parts: readonly { villageCode: string; amountFen: bigint }[],
): void {
  for (const { villageCode, amountFen } of parts)
    sums.set(villageCode, (sums.get(villageCode) ?? 0n) + amountFen);
}

function differences(
  component: string,
  before: ReadonlyMap<string, bigint>,
  after: ReadonlyMap<string, bigint>,
): AdjustmentLine[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort(compareCodes).flatMap((villageCode) => {
    const [beforeFen, afterFen] = [before.get(villageCode) ?? 0n, after.get(villageCode) ?? 0n];
    return beforeFen === afterFen ? [] : [{ component, villageCode, beforeFen, afterFen }];
  });
}

function settledDeltas(corrections: readonly StatementCorrection[]): AdjustmentPlan['settled'] {
  const deltas = new Map<string, bigint>();
  for (const { component, beforeFen, afterFen } of corrections)
    deltas.set(component, (deltas.get(component) ?? 0n) + afterFen - beforeFen);
  return [...deltas]
    .filter(([, deltaFen]) => deltaFen !== 0n)
    .sort(([a], [b]) => compareCodes(a, b))
    .map(([component, deltaFen]) => ({ component, deltaFen }));
}

/** Text whose SHA-256 an approval is bound to: every figure of the adjustment, in fixed places. */
export function adjustmentText(
  plan: AdjustmentPlan,
  of: { stationCode: string; month: string; correctionIds: readonly bigint[] },
): string {
  return JSON.stringify([
    'sunledger-adjustment-1',
    of.stationCode,
    of.month,
    of.correctionIds.map(String),
    plan.cause,
    plan.settled.map(({ component, deltaFen }) => [component, String(deltaFen)]),
    plan.lines.map((line) => [
      line.component,
      line.villageCode,
      String(line.beforeFen),
      String(line.afterFen),
    ]),
  ]);
}

/** What the grid owes more or less, and what the station's villages are owed more or less, in one entry. */
export function adjustmentPostings(plan: AdjustmentPlan, stationCode: string): Posting[] {
  const both = [
    ...settlementPostings(plan.settled.map((each) => ({ stationCode, ...each }))),
    ...allocationPostings(
      plan.lines.map(({ villageCode, beforeFen, afterFen }) => ({
        stationCode,
        villageCode,
        amountFen: afterFen - beforeFen,
      })),
    ),
  ];
  const merged = new Map<string, Posting>();
  for (const posting of both) {
    const { kind, ownerCode, part = '' } = posting.account;
    const key = `${kind}:${ownerCode}:${part}`;
    const amountFen = (merged.get(key)?.amountFen ?? 0n) + posting.amountFen;
    merged.set(key, { ...posting, amountFen });
  }
  return [...merged.values()].filter(({ amountFen }) => amountFen !== 0n);
}
