import { Inject, Injectable } from '@nestjs/common';
import {
  QUALITY_DAYS_MAX,
  QUALITY_FLAGS,
  type FlagSum,
  type QualityList,
  type QualityQuery,
  type QualityStation,
  type StationQuality,
  type StationQualityQuery,
} from '#contracts';
import { addDays, dayOf } from '#domain';
import { Database } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  QualityViewRepository,
  type AreaStation,
  type DaySpan,
  type StationDaySum,
  type StationFlagSum,
} from './quality-view.repository.ts';

/** A week is what is shown where nothing else is asked for. */
const DEFAULT_DAYS = 7;

/** What is doubtful, for people: stations of an area with the most energy first, and the days of one station. */
@Injectable()
export class QualityViewService {
  private readonly repository: QualityViewRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new QualityViewRepository(database);
  }

  /**
   * Stations with a flag, a page at a time.
   * @throws ProblemError 400 `quality.range_invalid`
   */
  async list(query: QualityQuery): Promise<QualityList> {
    const span = this.spanOf(query);
    const words = query.q?.toLowerCase() ?? '';
    const stations = (await this.repository.stations(query.county)).filter(({ code, name }) =>
      `${code} ${name}`.toLowerCase().includes(words),
    );
    const ids = stations.map(({ id }) => id);
    const [sums, days] = await Promise.all([
      this.repository.flagSums(ids, span),
      this.repository.daySums(ids, span),
    ]);
    const sumsOf = Map.groupBy(sums, ({ stationId }) => stationId);
    const daysOf = new Map(days.map((row) => [row.stationId, row]));
    const rows = stations
      .flatMap((station) => stationRow(station, sumsOf.get(station.id) ?? [], daysOf.get(station.id), query))
      .toSorted(byTouched);
    return {
      asOf: this.clock.now().toISOString(),
      ...span,
      items: rows.slice((query.page - 1) * query.pageSize, query.page * query.pageSize),
      total: rows.length,
      page: query.page,
      pageSize: query.pageSize,
      byFlag: byFlag(sums),
      judged: {
        stationDays: days.reduce((sum, { judged }) => sum + judged, 0),
        judgedAt: latest(days.map(({ judgedAt }) => judgedAt)),
      },
    };
  }

  /**
   * Days of one station with their flags, the newest first.
   * @throws ProblemError 404 `station.not_found`, 400 `quality.range_invalid`
   */
  async station(code: string, query: StationQualityQuery): Promise<StationQuality> {
    const span = this.spanOf(query);
    const station = await this.repository.station(code);
    if (!station) throw new ProblemError(404, 'station.not_found', `no station ${code}`);
    const [judged, energies, flags, spells] = await Promise.all([
      this.repository.judgedDays(station.id, span),
      this.repository.energies(station.id, span),
      this.repository.flagRows(station.id, span),
      this.repository.spells(station.id, span),
    ]);
    const judgedOf = new Map(judged.map((row) => [row.day, row]));
    const energyOf = new Map(energies.map(({ day, energyWh }) => [day, energyWh]));
    const flagsOf = Map.groupBy(flags, ({ day }) => day);
    const days = [...new Set([...judgedOf.keys(), ...flagsOf.keys()])].toSorted().toReversed();
    return {
      asOf: this.clock.now().toISOString(),
      stationCode: station.code,
      stationName: station.name,
      ...span,
      days: days.map((day) => ({
        day,
        judgedAt: iso(judgedOf.get(day)?.judgedAt),
        energyWh: energyOf.get(day) ?? null,
        touchedWh: judgedOf.get(day)?.touchedWh ?? null,
        flags: (flagsOf.get(day) ?? []).map(({ day: _day, firstAt, lastAt, ...row }) => ({
          ...row,
          firstAt: iso(firstAt),
          lastAt: iso(lastAt),
        })),
      })),
      spells: spells.map(({ fromAt, toAt, ...spell }) => ({
        ...spell,
        fromAt: fromAt.toISOString(),
        toAt: toAt.toISOString(),
      })),
    };
  }

  private spanOf({ from, to }: { from?: string | undefined; to?: string | undefined }): DaySpan {
    const last = to ?? addDays(from ?? dayOf(this.clock.nowMs()), from === undefined ? 1 : DEFAULT_DAYS);
    const first = from ?? addDays(last, -DEFAULT_DAYS);
    if (last <= first || last > addDays(first, QUALITY_DAYS_MAX))
      throw new ProblemError(
        400,
        'quality.range_invalid',
        `from is before to, and at most ${QUALITY_DAYS_MAX} days before it`,
      );
    return { from: first, to: last };
  }
}

const iso = (instant: Date | null | undefined) => instant?.toISOString() ?? null;

function latest(instants: readonly (Date | null)[]): string | null {
  const known = instants.flatMap((instant) => (instant === null ? [] : [instant.getTime()]));
  return known.length === 0 ? null : new Date(Math.max(...known)).toISOString();
}

/** Null of nothing but unknown, and else the sum of what is known. */
function sumOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

const flagSum = ({ flag, days, count, touchedWh, lastDay }: StationFlagSum): FlagSum => ({
  flag,
  days,
  count,
  touchedWh,
  lastDay,
});

function stationRow(
  { code, name, countyCode, countyName, townshipName }: AreaStation,
  sums: readonly StationFlagSum[],
  days: StationDaySum | undefined,
  { flag }: QualityQuery,
): QualityStation[] {
  const asked = sums.filter((sum) => flag === undefined || sum.flag === flag);
  if (asked.length === 0) return [];
  return [
    {
      stationCode: code,
      stationName: name,
      countyCode,
      countyName,
      townshipName,
      // A day has one energy however many flags it has; only of one flag may the flags be summed.
      days: flag === undefined ? (days?.flagged ?? 0) : asked.reduce((sum, own) => sum + own.days, 0),
      touchedWh:
        flag === undefined ? (days?.touchedWh ?? null) : sumOfKnown(asked.map(({ touchedWh }) => touchedWh)),
      count: asked.reduce((sum, { count }) => sum + count, 0),
      flags: sums.map(flagSum).toSorted(byTouched),
      lastDay: asked.map(({ lastDay }) => lastDay).reduce((a, b) => (a > b ? a : b)),
      lastAt: latest(asked.map(({ lastAt }) => lastAt)),
    },
  ];
}

/** Unknown energy is behind any known one; what is equal goes by how often it was seen. */
function byTouched(
  a: { touchedWh: number | null; count: number },
  b: { touchedWh: number | null; count: number },
): number {
  return (b.touchedWh ?? -1) - (a.touchedWh ?? -1) || b.count - a.count;
}

function byFlag(sums: readonly StationFlagSum[]): QualityList['byFlag'] {
  const byName = Map.groupBy(sums, ({ flag }) => flag);
  return QUALITY_FLAGS.flatMap((flag) => {
    const own = byName.get(flag) ?? [];
    if (own.length === 0) return [];
    return [
      {
        flag,
        stations: own.length,
        days: own.reduce((sum, { days }) => sum + days, 0),
        count: own.reduce((sum, { count }) => sum + count, 0),
        touchedWh: sumOfKnown(own.map(({ touchedWh }) => touchedWh)),
      },
    ];
  });
}
