import { Inject, Injectable } from '@nestjs/common';
import type { DayLineageView } from '#contracts';
import { dayOf } from '#domain';
import { Database } from '#persistence';
import { ProblemError } from '#platform';
import {
  adjustmentsOfMonth,
  energyOfDay,
  givenOfMonth,
  papersOfMonth,
  readingAt,
  stationByCode,
  type GivenOfMonth,
  type ReadingOfLineage,
  type StationOfLineage,
} from './reverse-lineage.repository.ts';

/** From a reading forward: which papers, runs and villages the day that it belongs to touches. */
@Injectable()
export class ReverseLineageService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** County of a station, for whoever may see one county only. @throws ProblemError 404 `registry.unknown_place` */
  async countyOf(stationCode: string): Promise<string> {
    return (await this.station(stationCode)).countyCode;
  }

  /** What a Shanghai day of a station touches. @throws ProblemError 404 `registry.unknown_place` */
  async day(stationCode: string, day: string): Promise<DayLineageView> {
    return this.view(await this.station(stationCode), day, null);
  }

  /**
   * What the reading of a device at an instant touches, by way of its Shanghai day.
   * @throws ProblemError 404 `registry.unknown_place`, `lineage.unknown_reading`
   */
  async reading(stationCode: string, device: string, at: Date): Promise<DayLineageView> {
    const station = await this.station(stationCode);
    const reading = await readingAt(this.database, { stationId: station.id, device, at });
    if (!reading)
      throw new ProblemError(
        404,
        'lineage.unknown_reading',
        '没有这条读数，或已过保存期 (no such reading, or it is kept no longer)',
      );
    return this.view(station, dayOf(at.getTime()), reading);
  }

  private async station(code: string): Promise<StationOfLineage> {
    const station = await stationByCode(this.database, code);
    if (!station) throw new ProblemError(404, 'registry.unknown_place', '没有这个电站 (no such station)');
    return station;
  }

  private async view(
    station: StationOfLineage,
    day: string,
    reading: ReadingOfLineage | null,
  ): Promise<DayLineageView> {
    const of = { stationId: station.id, month: day.slice(0, 7) };
    const [energy, papers, given, adjustments] = await Promise.all([
      energyOfDay(this.database, { stationId: station.id, day }),
      papersOfMonth(this.database, of),
      givenOfMonth(this.database, of),
      adjustmentsOfMonth(this.database, of),
    ]);
    const approved = given.filter(({ state }) => state === 'approved');
    return {
      stationCode: station.code,
      stationName: station.name,
      day,
      month: of.month,
      reading: reading === null ? null : readingView(reading),
      energyWh: energy === null ? null : String(energy.energyWh),
      method: energy?.method ?? null,
      quality: energy?.quality ?? null,
      statements: papers.map((paper) => ({
        ...paper,
        energyWh: paper.energyWh === null ? null : String(paper.energyWh),
        amountFen: String(paper.amountFen),
      })),
      runs: poolsOf(given),
      adjustments: adjustments.map((each) => ({ ...each, totalFen: String(each.totalFen) })),
      villageCount: new Set(approved.map(({ villageCode }) => villageCode)).size,
      amountFen: String(sumOf(approved)),
    };
  }
}

const sumOf = (lines: readonly GivenOfMonth[]) => lines.reduce((sum, { amountFen }) => sum + amountFen, 0n);

function readingView({ device, measuredAt, energyTotalWh, activePowerW }: ReadingOfLineage) {
  return {
    device,
    measuredAt: measuredAt.toISOString(),
    energyTotalWh: energyTotalWh === null ? null : String(energyTotalWh),
    activePowerW,
  };
}

function poolsOf(given: readonly GivenOfMonth[]): DayLineageView['runs'] {
  return [...Map.groupBy(given, ({ runId, component }) => `${runId}/${component}`).values()].flatMap(
    (lines) =>
      lines.slice(0, 1).map(({ runId, state, component, isWeighed }) => ({
        runId,
        state,
        component,
        poolFen: String(sumOf(lines)),
        isWeighed,
        villages: lines.map(({ villageCode, villageName, amountFen }) => ({
          villageCode,
          villageName,
          amountFen: String(amountFen),
        })),
      })),
  );
}
