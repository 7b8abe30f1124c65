import { Inject, Injectable } from '@nestjs/common';
import type { AlarmPolicyPreview, AlarmPolicyPreviewEntry } from '#contracts';
import { ALARM_RULES, type AlarmKindRule, type AlarmObservation } from '#domain';
import { Database, sql } from '#persistence';
import { Clock, ENVIRONMENT, ProblemError, type Environment } from '#platform';
import { FleetService } from '../fleet.service.ts';
import type { StationView } from '../station-view.ts';
import { readEvaluation } from './alarm-ladder.repository.ts';
import { observeFleet } from './alarm-observations.ts';
import { requireSoundLimits } from './alarm-settings.service.ts';
import { FleetFactsReader } from './fleet-facts.ts';

const EXAMPLES_MAX = 20;
type Change = AlarmPolicyPreview['examples'][number]['change'];

/** What is stored of the kind: open alarms, and since when something has been bad. */
interface Standing {
  openAlarms: ReadonlySet<string>;
  badSinceMs: ReadonlyMap<string, number>;
}

/** What other limits would do to the alarms of now; stores nothing. */
@Injectable()
export class AlarmPreviewService {
  private readonly facts: FleetFactsReader;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ENVIRONMENT) environment: Environment,
    @Inject(FleetService) private readonly fleet: FleetService,
  ) {
    this.facts = new FleetFactsReader(database, environment);
  }

  /**
   * Each place as it is seen now, by the limits that are given. Of what is judged by the day the newest day counts.
   * @throws ProblemError 400 `alarm.limits`, 404 `registry.unknown_place`
   */
  async preview(entry: AlarmPolicyPreviewEntry): Promise<AlarmPolicyPreview> {
    requireSoundLimits(entry);
    const now = this.clock.now();
    const views = (await this.fleet.stationViews()).filter(
      ({ station }) => entry.county === null || station.countyCode === entry.county,
    );
    if (views.length === 0)
      throw new ProblemError(404, 'registry.unknown_place', 'there is no such county with stations');
    const evaluation = await readEvaluation(this.database);
    const facts = await this.facts.fleet(views, {
      now,
      evaluation: { graceUntil: null, ingestSeenAt: evaluation?.ingestSeenAt ?? null },
    });
    const seen = newestOf(observeFleet(facts).observations, entry.kind);
    const changes = changesOf(seen, entry, await this.standing(entry.kind), now.getTime());
    const count = (change: Change) => changes.filter((one) => one.change === change).length;
    const names = namesOf(views);
    const known = seen.filter((one) => one.seen !== null && !one.isQuiet);
    return {
      asOf: now.toISOString(),
      judged: known.length,
      unknown: seen.length - known.length,
      open: changes.filter(({ isOpen }) => isOpen).length,
      opens: count('opens'),
      mayOpen: count('may_open'),
      closes: count('closes'),
      examples: changes
        .flatMap(({ subject, seen: value, change }) =>
          change === null ? [] : [{ ...nameOf(names, subject), seen: value, change }],
        )
        .toSorted((one, other) =>
          ALARM_RULES[entry.kind].side === 'above' ? other.seen - one.seen : one.seen - other.seen,
        )
        .slice(0, EXAMPLES_MAX),
    };
  }

  private async standing(kind: string): Promise<Standing> {
    const [alarms, incidents] = await Promise.all([
      this.database.query<{ subject: string }>(sql`
        select subject from alarm where kind = ${kind} and state <> 'closed' and recovered_at is null`),
      this.database.query<{ subject: string; beganAt: Date }>(sql`
        select subject, began_at as "beganAt" from alarm_incident where kind = ${kind} and ended_at is null`),
    ]);
    return {
      openAlarms: new Set(alarms.map(({ subject }) => subject)),
      badSinceMs: new Map(incidents.map(({ subject, beganAt }) => [subject, beganAt.getTime()])),
    };
  }
}

/** Of several observations of a place (days) the newest of which something is seen. */
function newestOf(observations: readonly AlarmObservation[], kind: string): AlarmObservation[] {
  const bySubject = new Map<string, AlarmObservation>();
  for (const one of observations) {
    if (one.kind !== kind) continue;
    const other = bySubject.get(one.subject);
    if (!other || other.seen === null || (one.seen !== null && one.atMs >= other.atMs))
      bySubject.set(one.subject, one);
  }
  return [...bySubject.values()];
}

function changesOf(
  seen: readonly AlarmObservation[],
  entry: AlarmPolicyPreviewEntry,
  standing: Standing,
  nowMs: number,
) {
  const rule = ALARM_RULES[entry.kind];
  return seen.flatMap(({ subject, seen: value, isQuiet, lastedMs }) => {
    if (value === null || isQuiet) return [];
    const isOpen = standing.openAlarms.has(subject);
    const sinceMs = standing.badSinceMs.get(subject) ?? nowMs;
    const lasted = Math.max(lastedMs ?? 0, nowMs - sinceMs);
    return [{ subject, seen: value, isOpen, change: changeOf(rule, entry, { seen: value, isOpen, lasted }) }];
  });
}

function changeOf(
  rule: AlarmKindRule,
  entry: AlarmPolicyPreviewEntry,
  now: { seen: number; isOpen: boolean; lasted: number },
): Change | null {
  const isBeyond = (limit: number) => (rule.side === 'above' ? now.seen > limit : now.seen < limit);
  const isBad = entry.isOn && isBeyond(entry.openLimit);
  if (now.isOpen) {
    const isWell = rule.side === 'above' ? now.seen <= entry.closeLimit : now.seen >= entry.closeLimit;
    return !entry.isOn || isWell ? 'closes' : null;
  }
  if (!isBad) return null;
  const isGrave = entry.majorLimit !== null && rule.isMajorAtOnce && isBeyond(entry.majorLimit);
  return isGrave || now.lasted >= entry.delayS * 1000 ? 'opens' : 'may_open';
}

function namesOf(views: readonly StationView[]): Map<string, { stationCode: string | null; name: string }> {
  return new Map(
    views.flatMap(({ station }): [string, { stationCode: string | null; name: string }][] => [
      [`county:${station.countyCode}`, { stationCode: null, name: station.countyName }],
      [`station:${station.id}`, { stationCode: station.code, name: station.name }],
    ]),
  );
}

const nameOf = (names: ReadonlyMap<string, { stationCode: string | null; name: string }>, subject: string) =>
  names.get(subject) ?? { stationCode: null, name: subject };
