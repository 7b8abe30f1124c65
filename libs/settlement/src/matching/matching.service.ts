import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { MatchSignature, StationMatchList, StationMatchView } from '#contracts';
import {
  dayOf,
  matchStationMonth,
  monthRange,
  policyOn,
  type DatedPolicy,
  type MatchFinding,
  type StationMatch,
} from '#domain';
import { Database, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { settlementPolicies, type SettlementRules } from '../policy/policy.repository.ts';
import type { SettlementActor } from '../statements/statement.repository.ts';
import {
  daysOfStations,
  insertSignatures,
  pricesOfStations,
  signatureKey,
  signaturesOf,
  statementsOfStations,
  stationsOf,
  type CountyStation,
} from './matching.repository.ts';

interface Matched {
  station: CountyStation;
  match: StationMatch;
}

/** Telemetry, statement and bank of the station-months of a county side by side. */
@Injectable()
export class MatchingService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Every station of a county and month, by code, with what is missing and what differs.
   * @throws ProblemError 404 `registry.unknown_place` where the county has no station
   * @throws MoneyError `policy.missing`, `policy.ambiguous`
   */
  async list(query: { county: string; month: string }): Promise<StationMatchList> {
    const stations = await stationsOf(this.database, { countyCode: query.county });
    if (stations.length === 0) throw unknownPlace();
    const { policy, matches } = await this.match(this.database, stations, query.month);
    const items = matches.map(view);
    return {
      month: query.month,
      countyCode: query.county,
      policy: { documentNumber: policy.documentNumber, isConfirmed: policy.isConfirmed },
      counts: countsOf(items),
      items,
    };
  }

  /**
   * Signs for the alarms of a station-month as they stand; other figures want another signature.
   * @throws ProblemError 404 `registry.unknown_place`, 409 `match.nothing_to_sign`
   */
  async sign(
    at: { station: string; month: string },
    signature: MatchSignature,
    actor: SettlementActor,
  ): Promise<StationMatchView> {
    return this.database.transaction(async (transaction) => {
      const stations = await stationsOf(transaction, { stationCode: at.station });
      const before = (await this.match(transaction, stations, at.month)).matches[0];
      if (!before) throw unknownPlace();
      const alarms = before.match.findings.filter(({ level, isSigned, reason }) => {
        const isWanted = signature.finding === undefined || signature.finding === reason;
        return level === 'alarm' && !isSigned && isWanted;
      });
      if (alarms.length === 0)
        throw new ProblemError(
          409,
          'match.nothing_to_sign',
          '没有待说明的差异 (no difference wants a reason)',
        );
      const { reasonCode, note } = signature;
      const signatures = alarms.map((finding) => ({
        stationId: before.station.id,
        month: at.month,
        finding: findingName(finding),
        findingHash: findingHash(finding),
        reasonCode,
        note,
        actor,
        at: this.clock.now(),
      }));
      await insertSignatures(transaction, signatures);
      const after = (await this.match(transaction, stations, at.month)).matches[0];
      if (!after) throw unknownPlace();
      return view(after);
    });
  }

  /**
   * One station-month with the county and the rules that it is judged by.
   * @throws ProblemError 404 `registry.unknown_place`
   * @throws MoneyError `policy.missing`, `policy.ambiguous`
   */
  async one(at: {
    station: string;
    month: string;
  }): Promise<{ countyCode: string; policy: StationMatchList['policy']; item: StationMatchView }> {
    const stations = await stationsOf(this.database, { stationCode: at.station });
    const [station] = stations;
    if (!station) throw unknownPlace();
    const { policy, matches } = await this.match(this.database, stations, at.month);
    const [matched] = matches;
    if (!matched) throw unknownPlace();
    const { documentNumber, isConfirmed } = policy;
    return {
      countyCode: station.countyCode,
      policy: { documentNumber, isConfirmed },
      item: view(matched),
    };
  }

  /** County of a station, which tells who may sign for it. @throws ProblemError 404 `registry.unknown_place` */
  async countyOf(stationCode: string): Promise<string> {
    const [station] = await stationsOf(this.database, { stationCode });
    if (!station) throw unknownPlace();
    return station.countyCode;
  }

  /** State of each station-month of a county by station code, inside a transaction of the caller. */
  async states(
    database: Queryable,
    countyCode: string,
    month: string,
  ): Promise<Map<string, StationMatch['state']>> {
    const stations = await stationsOf(database, { countyCode });
    const { matches } = await this.match(database, stations, month);
    return new Map(matches.map(({ station, match }) => [station.code, match.state]));
  }

  /** Every station of a county, or of all, by code, with its match of a month: for views that count them. */
  async month(
    database: Queryable,
    query: { month: string; countyCode: string | null },
  ): Promise<readonly Matched[]> {
    const stations = await stationsOf(database, { countyCode: query.countyCode });
    return (await this.match(database, stations, query.month)).matches;
  }

  /** Each station by the policy of its county; the policy that is answered is that of the first. */
  private async match(
    database: Queryable,
    stations: readonly CountyStation[],
    month: string,
  ): Promise<{ policy: DatedPolicy<SettlementRules>; matches: Matched[] }> {
    const range = monthRange(month);
    const ids = stations.map(({ id }) => id);
    const policies = await settlementPolicies(database);
    const days = await daysOfStations(database, ids, range);
    const prices = await pricesOfStations(database, ids, range);
    const accounts = await statementsOfStations(database, ids, month);
    const signatures = await signaturesOf(database, ids, month);
    const ruleOf = (countyCode: string) => policyOn(policies, { countyCode, day: range.from });
    const codes = new Set(stations.map(({ countyCode }) => countyCode));
    const rules = new Map([...codes].map((code) => [code, ruleOf(code)]));
    const policy = ruleOf(stations[0]?.countyCode ?? '');
    const today = dayOf(this.clock.nowMs());
    const matches = stations.map((station) => ({
      station,
      match: matchStationMonth({
        month,
        days: days.get(station.id) ?? [],
        prices: prices.get(station.id) ?? [],
        accounts: accounts.get(station.id) ?? [],
        tolerances: (rules.get(station.countyCode) ?? policy).value.tolerances,
        today,
        isSigned: (finding) =>
          signatures.has(signatureKey(station.id, findingName(finding), findingHash(finding))),
      }),
    }));
    return { policy, matches };
  }
}

const unknownPlace = () =>
  new ProblemError(404, 'registry.unknown_place', '没有这个地方或电站 (no such place or station)');

const findingName = ({ reason, component }: MatchFinding) =>
  component === null ? reason : `${reason}:${component}`;

/** A signature is for these figures and no others. */
function findingHash({ stated, expected }: MatchFinding): string {
  const figures = [stated, expected].map((figure) => (figure === null ? null : String(figure)));
  return createHash('sha256').update(JSON.stringify(figures)).digest('hex');
}

function countsOf(items: readonly StationMatchView[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of items) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const text = (value: bigint | null) => (value === null ? null : String(value));

function view({ station, match }: Matched): StationMatchView {
  const { energy } = match;
  return {
    stationCode: station.code,
    stationName: station.name,
    state: match.state,
    energyState: energy.state,
    meteredWh: energy.state === 'blocked' ? null : String(energy.energyWh),
    substituteDays: energy.state === 'complete_with_substitutes' ? energy.substituteDays : [],
    missingDays: energy.state === 'blocked' ? energy.missingDays : [],
    statedWh: text(match.statedEnergyWh),
    streams: match.streams.map((stream) => ({
      component: stream.component,
      energyWh: text(stream.energyWh),
      statedFen: String(stream.statedFen),
      expectedFen: text(stream.expectedFen),
      receivedFen: String(stream.receivedFen),
      openFen: String(stream.openFen),
      ageDays: stream.ageDays,
      age: stream.age,
    })),
    findings: match.findings.map(({ reason, level, component, stated, expected, isSigned }) => ({
      reason,
      level,
      component,
      stated: text(stated),
      expected: text(expected),
      isSigned,
    })),
  };
}
