import { Inject, Injectable } from '@nestjs/common';
import { addDays, dayOf, dayStartMs } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { judgeStationDay } from './judge-station-day.ts';
import { LEVEL_WINDOW_DAYS, levelShiftsOf } from './level-shifts.ts';
import { QualityFactsRepository } from './quality-facts.repository.ts';
import { StationQualityRepository, type DatedRow } from './station-quality.repository.ts';

/** Station-days of one pass: about 80,000 readings at five minutes. */
export const STATION_QUALITY_BATCH = 100;

/**
 * Sums up what is doubtful of each station and day: one row a flag, and the energy that rests on any of them. It runs
 * after the roll-up and after the judgement of power series, and again whenever one of the two has changed something:
 * late data do it. It marks and changes nothing else, and the same rows give the same flags.
 */
@Injectable()
export class StationQualityService {
  private readonly repository: StationQualityRepository;
  private readonly facts: QualityFactsRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new StationQualityRepository(database);
    this.facts = new QualityFactsRepository(database);
  }

  /** Judges up to `limit` station-days that are due, the oldest first. Returns how many there were. */
  async judgeDays(limit: number = STATION_QUALITY_BATCH): Promise<number> {
    const now = this.clock.now();
    const today = dayOf(now.getTime());
    const due = await this.repository.due({ today, now, limit });
    for (const [day, together] of Map.groupBy(due, (item) => item.day)) {
      const marks = new Map(together.map(({ stationId, mark }) => [stationId, mark]));
      const facts = await this.facts.factsOf({ day, stationIds: [...marks.keys()], isPast: day < today });
      await this.repository.store({
        day,
        judged: facts.map((own) => ({
          ...judgeStationDay(own),
          stationId: own.stationId,
          mark: marks.get(own.stationId) ?? '',
        })),
        judgedAt: now,
      });
    }
    return due.length;
  }

  /** Looks for level shifts of up to `limit` stations, once a Shanghai day each. Returns how many there were. */
  async judgeLevels(limit: number = STATION_QUALITY_BATCH): Promise<number> {
    const today = dayOf(this.clock.nowMs());
    const stationIds = await this.repository.levelsDue(today, limit);
    if (stationIds.length === 0) return 0;
    const days = await this.repository.dailyEnergy({
      stationIds,
      from: addDays(today, -LEVEL_WINDOW_DAYS),
      to: today,
    });
    const answers = stationIds.map((stationId) => {
      const answer = levelShiftsOf(days.get(stationId) ?? []);
      return { stationId, answer, rows: answer.shifts.map((shift) => levelRow(stationId, shift)) };
    });
    await this.repository.storeLevels(today, answers);
    return stationIds.length;
  }
}

/** Which side of the day is right nobody knows, so no energy is named. */
function levelRow(stationId: number, { day, factor }: { day: string; factor: number }): DatedRow {
  const startMs = dayStartMs(day);
  return {
    stationId,
    day,
    flag: 'level_shift',
    count: 1,
    deviceCodes: [],
    firstMs: startMs,
    lastMs: startMs,
    touchedWh: null,
    detail: { factor: Math.round(factor * 1000) / 1000 },
  };
}
