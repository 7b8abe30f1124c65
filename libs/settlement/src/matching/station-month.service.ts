import { Inject, Injectable } from '@nestjs/common';
import type { StationMonth } from '#contracts';
import { daysBetween, monthRange } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { listStatements } from '../statements/statement-list.repository.ts';
import { statementView } from '../statements/statement-list.service.ts';
import { MatchingService } from './matching.service.ts';
import { daySourcesOfStation, signaturesOfStation, type DaySource } from './station-month.repository.ts';

/** Versions of one station and month: two components and a few corrections of each of its accounts. */
const STATEMENTS_MAX = 500;

/** What a station-month rests on: its days, every version of its statements, and who signed for what. */
@Injectable()
export class StationMonthService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MatchingService) private readonly matching: MatchingService,
  ) {}

  /**
   * A station-month opened up.
   * @throws ProblemError 404 `registry.unknown_place`
   * @throws MoneyError `policy.missing`, `policy.ambiguous`
   */
  async read(at: { station: string; month: string }): Promise<StationMonth> {
    const { countyCode, policy, item } = await this.matching.one(at);
    const range = monthRange(at.month);
    const [sources, statements, signatures] = await Promise.all([
      daySourcesOfStation(this.database, at.station, range),
      listStatements(this.database, { ...at, show: 'all' }, { limit: STATEMENTS_MAX, offset: 0 }),
      signaturesOfStation(this.database, at),
    ]);
    const byDay = new Map(sources.map((source) => [source.day, source]));
    return {
      asOf: this.clock.now().toISOString(),
      month: at.month,
      countyCode,
      policy,
      match: item,
      days: daysBetween(range.from, range.to).map((day) => dayView(day, byDay.get(day))),
      statements: statements.map(statementView),
      signatures: signatures.map(({ finding, signedAt, ...rest }) => {
        const [reason = finding, component = null] = finding.split(':');
        return { ...rest, finding: reason, component, signedAt: signedAt.toISOString() };
      }),
    };
  }
}

function dayView(day: string, source: DaySource | undefined): StationMonth['days'][number] {
  if (!source) return { day, energyWh: null, quality: null, method: null, use: 'unknown' };
  const { quality, method } = source;
  const use = quality === 'measured' ? 'counted' : quality === 'estimated' ? 'substitute' : 'unknown';
  return { day, energyWh: quality === 'none' ? null : String(source.energyWh), quality, method, use };
}
