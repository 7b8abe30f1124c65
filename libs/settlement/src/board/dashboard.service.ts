import { Inject, Injectable } from '@nestjs/common';
import {
  AGE_BUCKETS,
  DASHBOARD_MONTHS,
  DASHBOARD_VILLAGES,
  type SettlementDashboard,
  type SettlementTotals,
} from '#contracts';
import { addDays, ageBucket, dayOf, daysBetween, monthRange, type AgeBucket } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { RegistryRepository } from '#registry';
import { MatchingService } from '../matching/matching.service.ts';
import { ReconciliationService } from '../transfers/reconciliation.service.ts';
import { countyNames, type CountyName } from './board.repository.ts';
import {
  givenResting,
  rankedVillages,
  receivedResting,
  statedMonths,
  type RestingMoney,
  type StatedMonth,
} from './dashboard.repository.ts';

/** Days over which villages are ranked. */
const RANKED_DAYS = 365;
const SUBSIDY = 'subsidy';

/** Where the money is: totals of each step with the age of what rests there (requirements 24, 25, 58). Read only. */
@Injectable()
export class DashboardService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MatchingService) private readonly matching: MatchingService,
    @Inject(ReconciliationService) private readonly reconciliation: ReconciliationService,
    @Inject(RegistryRepository) private readonly registry: RegistryRepository,
  ) {}

  /** The city or one county, as of now. @throws MoneyError `policy.missing`, `policy.ambiguous` */
  async dashboard(county: string | undefined): Promise<SettlementDashboard> {
    const countyCode = county ?? null;
    const today = dayOf(this.clock.nowMs());
    const months = shownMonths(today);
    const lastMonth = months.at(-1) ?? today.slice(0, 7);
    const [stated, headline, totals, received, given, villages, matched, names] = await Promise.all([
      statedMonths(this.database, countyCode),
      this.registry.totals(county),
      this.reconciliation.totals(county),
      receivedResting(this.database, countyCode),
      givenResting(this.database, countyCode),
      rankedVillages(this.database, {
        countyCode,
        sinceDay: addDays(today, -RANKED_DAYS),
        limit: DASHBOARD_VILLAGES,
      }),
      this.matching.month(this.database, { month: lastMonth, countyCode }),
      countyNames(this.database),
    ]);
    return {
      asOf: this.clock.now().toISOString(),
      headline: {
        stations: headline.stations,
        villages: headline.villages,
        households: headline.households,
        posts: headline.posts,
        openingFen: headline.settled === null ? null : String(headline.settled.amountFen),
        openingDay: headline.settled?.asOfDay ?? null,
      },
      funnel: funnelOf(totals, {
        settled: aged(openOf(stated), today),
        received: aged(received, today),
        given_out: aged(given, today),
      }),
      months: monthsOf(stated, months),
      counties: countiesOf(stated, months, names),
      receivables: receivablesOf(stated, today),
      match: {
        month: lastMonth,
        states: [...Map.groupBy(matched, ({ match }) => match.state)].map(([state, stations]) => ({
          state,
          stations: stations.length,
        })),
      },
      villages: villages.map((village) => ({
        ...village,
        givenFen: String(village.givenFen),
        transferredFen: String(village.transferredFen),
      })),
    };
  }
}

const yearBefore = (month: string) => `${String(Number(month.slice(0, 4)) - 1)}${month.slice(4)}`;
const monthBefore = (month: string) => addDays(`${month}-01`, -1).slice(0, 7);

/** The months that are over, the last one at the end. */
function shownMonths(today: string): string[] {
  const months: string[] = [];
  let month = monthBefore(today.slice(0, 7));
  for (let count = 0; count < DASHBOARD_MONTHS; count += 1) {
    months.unshift(month);
    month = monthBefore(month);
  }
  return months;
}

/** What was stated and has not come rests since the end of its month. */
const openOf = (stated: readonly StatedMonth[]): RestingMoney[] =>
  stated.map(({ month, statedFen, receivedFen }) => ({
    day: monthRange(month).to,
    amountFen: statedFen - receivedFen,
  }));

const ageOn = (day: string, today: string): AgeBucket =>
  ageBucket(today > day ? daysBetween(day, today).length : 0);

function aged(
  rows: readonly RestingMoney[],
  today: string,
): SettlementDashboard['funnel'][number]['resting'] {
  const sums = new Map<AgeBucket, bigint>();
  for (const { day, amountFen } of rows) {
    const age = ageOn(day, today);
    sums.set(age, (sums.get(age) ?? 0n) + amountFen);
  }
  return AGE_BUCKETS.map((age) => ({ age, amountFen: String(sums.get(age) ?? 0n) }));
}

type Resting = SettlementDashboard['funnel'][number]['resting'];

function funnelOf(
  { counties }: SettlementTotals,
  resting: Record<'settled' | 'received' | 'given_out', Resting>,
): SettlementDashboard['funnel'] {
  const sum = (read: (county: SettlementTotals['counties'][number]) => string) =>
    String(counties.reduce((fen, county) => fen + BigInt(read(county)), 0n));
  return [
    { step: 'settled', amountFen: sum(({ settledFen }) => settledFen), resting: resting.settled },
    { step: 'received', amountFen: sum(({ receivedFen }) => receivedFen), resting: resting.received },
    { step: 'given_out', amountFen: sum(({ givenOutFen }) => givenOutFen), resting: resting.given_out },
    { step: 'transferred', amountFen: sum(({ transferredFen }) => transferredFen), resting: [] },
    { step: 'paid', amountFen: null, resting: [] },
  ];
}

function monthsOf(stated: readonly StatedMonth[], months: readonly string[]): SettlementDashboard['months'] {
  const byMonth = Map.groupBy(stated, ({ month }) => month);
  const sum = (month: string, read: (row: StatedMonth) => bigint) => {
    const rows = byMonth.get(month);
    return rows ? String(rows.reduce((fen, row) => fen + read(row), 0n)) : null;
  };
  return months.map((month) => ({
    month,
    settledFen: sum(month, ({ statedFen }) => statedFen),
    lastYearFen: sum(yearBefore(month), ({ statedFen }) => statedFen),
    receivedFen: sum(month, ({ receivedFen }) => receivedFen),
  }));
}

function countiesOf(
  stated: readonly StatedMonth[],
  months: readonly string[],
  names: readonly CountyName[],
): SettlementDashboard['counties'] {
  const own = new Set(months);
  const before = new Set(months.map(yearBefore));
  const byCounty = Map.groupBy(stated, ({ countyCode }) => countyCode);
  const rows = names.flatMap(({ code, name }) => {
    const parts = byCounty.get(code);
    if (!parts) return [];
    const sum = (shown: ReadonlySet<string>, read: (row: StatedMonth) => bigint) =>
      parts.filter(({ month }) => shown.has(month)).reduce((fen, row) => fen + read(row), 0n);
    return [
      {
        countyCode: code,
        countyName: name,
        settledFen: sum(own, ({ statedFen }) => statedFen),
        lastYearFen: sum(before, ({ statedFen }) => statedFen),
        receivedFen: sum(own, ({ receivedFen }) => receivedFen),
      },
    ];
  });
  return rows
    .sort((a, b) => (a.settledFen === b.settledFen ? 0 : a.settledFen > b.settledFen ? -1 : 1))
    .map((row) => ({
      ...row,
      settledFen: String(row.settledFen),
      lastYearFen: String(row.lastYearFen),
      receivedFen: String(row.receivedFen),
    }));
}

function receivablesOf(stated: readonly StatedMonth[], today: string): SettlementDashboard['receivables'] {
  const of = (isSubsidy: boolean) =>
    aged(openOf(stated.filter(({ component }) => (component === SUBSIDY) === isSubsidy)), today);
  const [base, subsidy] = [of(false), of(true)];
  return AGE_BUCKETS.map((age, index) => ({
    age,
    baseFen: base[index]?.amountFen ?? '0',
    subsidyFen: subsidy[index]?.amountFen ?? '0',
  }));
}
