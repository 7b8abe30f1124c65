import { Inject, Injectable } from '@nestjs/common';
import {
  BOARD_BLOCKERS_MAX,
  BOARD_STEPS,
  type BoardBlocker,
  type BoardCell,
  type BoardCounty,
  type BoardCountyCell,
  type BoardStep,
  type SettlementBoard,
} from '#contracts';
import { addDays, dayOf, monthRange } from '#domain';
import { LedgerService } from '#ledger';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { MatchingService } from '../matching/matching.service.ts';
import {
  countyNames,
  moneyOfMonth,
  stationsRunning,
  villagesOfMonth,
  type MoneyOfMonth,
} from './board.repository.ts';
import { sentenceOf } from './sentences.ts';
import {
  NO_MONEY,
  standingOf,
  transferStanding,
  type Obstacle,
  type StationMoney,
  type StationStanding,
  type StationStep,
  type StepStanding,
  type VillageStanding,
} from './standing.ts';

/** Which step blocks which county in a month of energy; read only (design.md section 4, requirement 25). */
@Injectable()
export class BoardService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(MatchingService) private readonly matching: MatchingService,
  ) {}

  /**
   * Every county that has stations, or the one, with each step of the month: how many stations have passed it, and what
   * holds the others up. Without a month, the one before the month that runs: its statements are coming.
   * @throws MoneyError `money.bad_range` of a bad month, `policy.missing`, `policy.ambiguous`
   */
  async board(query: { month?: string | undefined; county?: string }): Promise<SettlementBoard> {
    const today = dayOf(this.clock.nowMs());
    const month = query.month ?? addDays(`${today.slice(0, 7)}-01`, -1).slice(0, 7);
    const countyCode = query.county ?? null;
    const range = monthRange(month);
    const [matched, running, money, villages, names, period] = await Promise.all([
      this.matching.month(this.database, { month, countyCode }),
      stationsRunning(this.database, range.to),
      moneyOfMonth(this.database, { month, countyCode }),
      villagesOfMonth(this.database, { month, countyCode }),
      countyNames(this.database),
      this.ledger.periodState(month),
    ]);
    const moneyOf = moneyByStation(money);
    const isOver = today >= range.to;
    const counties = Map.groupBy(
      matched.filter(({ station }) => running.has(station.id)),
      ({ station }) => station.countyCode,
    );
    const given = Map.groupBy(villages, (village) => village.countyCode);
    const items = names.flatMap(({ code, name }): BoardCounty[] => {
      const stations = counties.get(code);
      if (!stations) return [];
      const standings = stations.map(({ station, match }) => ({
        stationCode: station.code,
        stationName: station.name,
        match,
        money: moneyOf.get(station.id) ?? NO_MONEY,
      }));
      return [
        { countyCode: code, countyName: name, cells: cellsOf(standings, given.get(code) ?? [], { isOver }) },
      ];
    });
    return { month, asOf: this.clock.now().toISOString(), period, items, totals: totalsOf(items) };
  }
}

function moneyByStation(rows: readonly MoneyOfMonth[]): Map<number, StationMoney> {
  const byStation = Map.groupBy(rows, ({ stationId }) => stationId);
  return new Map(
    [...byStation].map(([stationId, parts]) => {
      const sum = (isCounted: (part: MoneyOfMonth) => boolean) =>
        parts.filter(isCounted).reduce((fen, { amountFen }) => fen + amountFen, 0n);
      return [
        stationId,
        {
          receivedFen: sum(() => true),
          inRunFen: sum(({ runId }) => runId !== null),
          approvedFen: sum(({ runState }) => runState === 'approved'),
          proposed: parts.flatMap(({ runId, runState, amountFen }) =>
            runId !== null && runState === 'proposed' ? [{ runId, amountFen }] : [],
          ),
        },
      ];
    }),
  );
}

/** A station or a village, and how far it is with a step. */
interface Placed {
  place: Pick<BoardBlocker, 'stationCode' | 'stationName' | 'villageCode' | 'villageName'>;
  standing: StepStanding;
}

function cellsOf(
  stations: readonly StationStanding[],
  villages: readonly VillageStanding[],
  month: { isOver: boolean },
): BoardCountyCell[] {
  const steps = stations.map((station) => ({ station, standings: standingOf(station, month) }));
  const placedAt = (step: StationStep): Placed[] =>
    steps.map(({ station: { stationCode, stationName }, standings }) => ({
      place: { stationCode, stationName, villageCode: null, villageName: null },
      standing: standings[step],
    }));
  const placedVillages = villages.map((village): Placed => ({
    place: {
      stationCode: null,
      stationName: null,
      villageCode: village.villageCode,
      villageName: village.villageName,
    },
    standing: transferStanding(village),
  }));
  return BOARD_STEPS.map((step) => cellOf(step, step === 'transfer' ? placedVillages : placedAt(step)));
}

function cellOf(step: BoardStep, placed: readonly Placed[]): BoardCountyCell {
  const standings = placed.map(({ standing }) => standing);
  const isHeld = (level: Obstacle['level']) => (standing: StepStanding) =>
    standing.obstacles.some((each) => each.level === level);
  return {
    step,
    done: standings.filter(({ isDone }) => isDone).length,
    total: placed.length,
    blocked: standings.filter(isHeld('blocked')).length,
    waiting: standings.filter(isHeld('waiting')).length,
    amountFen: step === 'energy' ? null : sumText(standings.map(({ amountFen }) => amountFen)),
    energyWh: step === 'energy' ? sumText(standings.map(({ energyWh }) => energyWh)) : null,
    blockers: blockersOf(placed),
  };
}

/** What is not known is left out of the sum; null where nothing is known. */
function sumText(values: readonly (bigint | null)[]): string | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : String(known.reduce((sum, value) => sum + value, 0n));
}

const NOWHERE: Placed['place'] = {
  stationCode: null,
  stationName: null,
  villageCode: null,
  villageName: null,
};

/** What is blocked before what waits, then the largest amount, the most days. A run stands once for all its stations. */
function blockersOf(placed: readonly Placed[]): BoardBlocker[] {
  const found = placed.flatMap(({ place, standing }) =>
    standing.obstacles.map((obstacle) => ({ place, obstacle, places: 1 })),
  );
  const runs = Map.groupBy(
    found.filter(({ obstacle }) => obstacle.runId !== null),
    ({ obstacle }) => obstacle.runId,
  );
  const rows = [
    ...found.filter(({ obstacle }) => obstacle.runId === null),
    ...[...runs.values()].flatMap((parts) =>
      parts.slice(0, 1).map(({ obstacle }) => ({
        place: NOWHERE,
        places: parts.length,
        obstacle: {
          ...obstacle,
          amountFen: parts.reduce((sum, each) => sum + (each.obstacle.amountFen ?? 0n), 0n),
        },
      })),
    ),
  ];
  return rows
    .sort((a, b) => rankOf(a.obstacle, b.obstacle))
    .slice(0, BOARD_BLOCKERS_MAX)
    .map(({ place, obstacle, places }) => ({
      ...place,
      code: obstacle.code,
      level: obstacle.level,
      runId: obstacle.runId,
      places,
      days: [...obstacle.days],
      ageDays: obstacle.ageDays,
      amountFen: obstacle.amountFen === null ? null : String(obstacle.amountFen),
      sentence: sentenceOf({ ...obstacle, placeName: place.stationName ?? place.villageName, places }),
    }));
}

function rankOf(a: Obstacle, b: Obstacle): number {
  if (a.level !== b.level) return a.level === 'blocked' ? -1 : 1;
  const [left, right] = [a.amountFen ?? 0n, b.amountFen ?? 0n];
  if (left !== right) return left > right ? -1 : 1;
  return b.days.length - a.days.length;
}

function totalsOf(items: readonly BoardCounty[]): BoardCell[] {
  return BOARD_STEPS.map((step) => {
    const cells = items.flatMap(({ cells: own }) => own.filter((cell) => cell.step === step));
    const count = (read: (cell: BoardCell) => number) => cells.reduce((sum, cell) => sum + read(cell), 0);
    const sum = (read: (cell: BoardCell) => string | null) =>
      sumText(cells.map((cell) => read(cell)).map((text) => (text === null ? null : BigInt(text))));
    return {
      step,
      done: count(({ done }) => done),
      total: count(({ total }) => total),
      blocked: count(({ blocked }) => blocked),
      waiting: count(({ waiting }) => waiting),
      amountFen: sum(({ amountFen }) => amountFen),
      energyWh: sum(({ energyWh }) => energyWh),
    };
  });
}
