// A station-month on its way to the villages:
// energy known -> statement agrees -> money received -> in a run -> the run approved -> transferred to the villages.
// A station is held up by the first step that it has not passed, and is counted there alone; how far the energy is known
// says whether a statement may be believed and stops no money, so it is counted for itself.
import type { BoardStep } from '#contracts';
import type { StationMatch } from '#domain';
import { HOLDING } from '../allocation/allocation.service.ts';

/** Money of the statements of a station-month, fen, and the runs that it is in. */
export interface StationMoney {
  receivedFen: bigint;
  inRunFen: bigint;
  approvedFen: bigint;
  /** Proposed and not approved, with the money of the station in each. */
  proposed: readonly { runId: number; amountFen: bigint }[];
}

export interface StationStanding {
  stationCode: string;
  stationName: string;
  match: StationMatch;
  money: StationMoney;
}

/** Why a station has not passed a step. */
export interface Obstacle {
  code: ObstacleCode;
  level: 'blocked' | 'waiting';
  days: readonly string[];
  ageDays: number | null;
  amountFen: bigint | null;
  reasons: readonly string[];
  runId: number | null;
}

type ObstacleCode =
  | 'energy.month_running'
  | 'energy.days_unknown'
  | 'statement.not_due'
  | 'statement.missing'
  | 'statement.needs_reason'
  | 'statement.blocked'
  | 'receipt.base_open'
  | 'receipt.subsidy_open'
  | 'allocation.held'
  | 'allocation.not_proposed'
  | 'approval.proposed'
  | 'transfer.not_prepared'
  | 'transfer.prepared'
  | 'transfer.failed';

export interface StepStanding {
  isDone: boolean;
  obstacles: Obstacle[];
  amountFen: bigint | null;
  energyWh: bigint | null;
}

export const NO_MONEY: StationMoney = { receivedFen: 0n, inRunFen: 0n, approvedFen: 0n, proposed: [] };
/** The grid pays it when the state does, years later: it is a claim and holds nobody up (domain.md 2.2). */
const SUBSIDY = 'subsidy';

/** Steps that a station passes; after them the money is the villages'. */
export type StationStep = Exclude<BoardStep, 'transfer'>;

/** Money of a month that approved runs gave a village, by what became of it, fen. */
export interface VillageStanding {
  villageCode: string;
  villageName: string;
  givenFen: bigint;
  sentFen: bigint;
  preparedFen: bigint;
  failedFen: bigint;
}

const obstacle = (code: ObstacleCode, part: Partial<Obstacle> = {}): Obstacle => ({
  code,
  level: 'blocked',
  days: [],
  ageDays: null,
  amountFen: null,
  reasons: [],
  runId: null,
  ...part,
});
const sumOf = <T>(rows: readonly T[], fen: (row: T) => bigint) =>
  rows.reduce((sum, row) => sum + fen(row), 0n);

/** How far a station-month is with each step. @param month `isOver`: its last day has gone by in Shanghai */
export function standingOf(
  { match, money }: Pick<StationStanding, 'match' | 'money'>,
  month: { isOver: boolean },
): Record<StationStep, StepStanding> {
  return {
    energy: energyStanding(match, month),
    statement: statementStanding(match, month),
    receipt: receiptStanding(match, money),
    allocation: allocationStanding(match, money),
    approval: approvalStanding(match, money),
  };
}

function energyStanding({ energy }: StationMatch, { isOver }: { isOver: boolean }): StepStanding {
  if (energy.state !== 'blocked')
    return { isDone: true, obstacles: [], amountFen: null, energyWh: energy.energyWh };
  const days = energy.missingDays;
  const found = isOver
    ? obstacle('energy.days_unknown', { days })
    : obstacle('energy.month_running', { level: 'waiting' });
  return { isDone: false, obstacles: [found], amountFen: null, energyWh: null };
}

const isBelieved = ({ state }: StationMatch) => state !== 'missing' && !HOLDING.has(state);
const nothingStated = ({ streams }: StationMatch) =>
  streams.length > 0 && streams.every(({ statedFen }) => statedFen === 0n);

function statementStanding(match: StationMatch, { isOver }: { isOver: boolean }): StepStanding {
  const amountFen = match.streams.length === 0 ? null : sumOf(match.streams, ({ statedFen }) => statedFen);
  if (isBelieved(match)) return { isDone: true, obstacles: [], amountFen, energyWh: null };
  return { isDone: false, obstacles: [statementObstacle(match, isOver)], amountFen, energyWh: null };
}

function statementObstacle({ state, findings }: StationMatch, isOver: boolean): Obstacle {
  if (state === 'missing')
    return isOver ? obstacle('statement.missing') : obstacle('statement.not_due', { level: 'waiting' });
  const level = state === 'blocked' ? 'blocking' : 'alarm';
  const reasons = findings
    .filter((each) => each.level === level && !each.isSigned)
    .map(({ reason }) => reason);
  return obstacle(state === 'blocked' ? 'statement.blocked' : 'statement.needs_reason', {
    reasons: [...new Set(reasons)],
  });
}

function receiptStanding(match: StationMatch, { receivedFen }: StationMoney): StepStanding {
  const open = match.streams.filter(({ openFen }) => openFen > 0n);
  const base = open.filter(({ component }) => component !== SUBSIDY);
  const subsidy = open.filter(({ component }) => component === SUBSIDY);
  const ageDays = open[0]?.ageDays ?? null;
  const openFen = (rows: typeof open) => sumOf(rows, (row) => row.openFen);
  const obstacles = [
    // Where the paper may not be believed, the step before holds the station up.
    ...(base.length > 0 && isBelieved(match)
      ? [obstacle('receipt.base_open', { amountFen: openFen(base), ageDays })]
      : []),
    ...(subsidy.length > 0
      ? [obstacle('receipt.subsidy_open', { level: 'waiting', amountFen: openFen(subsidy), ageDays })]
      : []),
  ];
  const isDone = match.streams.length > 0 && base.length === 0;
  return { isDone, obstacles, amountFen: receivedFen, energyWh: null };
}

function allocationStanding(match: StationMatch, { receivedFen, inRunFen }: StationMoney): StepStanding {
  const amountFen = inRunFen;
  if (receivedFen === inRunFen)
    return { isDone: receivedFen > 0n || nothingStated(match), obstacles: [], amountFen, energyWh: null };
  const code = HOLDING.has(match.state) ? 'allocation.held' : 'allocation.not_proposed';
  return {
    isDone: false,
    obstacles: [obstacle(code, { amountFen: receivedFen - inRunFen })],
    amountFen,
    energyWh: null,
  };
}

function approvalStanding(match: StationMatch, money: StationMoney): StepStanding {
  const { approvedFen, inRunFen, receivedFen, proposed } = money;
  const isWhole = approvedFen === inRunFen && inRunFen === receivedFen;
  return {
    isDone: isWhole && (approvedFen > 0n || nothingStated(match)),
    obstacles: proposed.map(({ runId, amountFen }) => obstacle('approval.proposed', { runId, amountFen })),
    amountFen: approvedFen,
    energyWh: null,
  };
}

/** How far the money of a village is: one obstacle, the nearest to the village. */
export function transferStanding(village: VillageStanding): StepStanding {
  const { givenFen, sentFen, preparedFen, failedFen } = village;
  const leftFen = givenFen - sentFen;
  const code =
    failedFen > 0n ? 'transfer.failed' : preparedFen > 0n ? 'transfer.prepared' : 'transfer.not_prepared';
  return {
    isDone: leftFen <= 0n,
    obstacles: leftFen > 0n ? [obstacle(code, { amountFen: leftFen })] : [],
    amountFen: sentFen,
    energyWh: null,
  };
}
