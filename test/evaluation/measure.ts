import { explainDay, quantile, peerSky, choosePeers, quietZero, stepZero, type CauseKind } from '#domain';
import type { EventKind, InjectedEvent } from './events.ts';
import { evidenceOf, lagOf } from './evidence.ts';
import { FIT_EVERY_DAYS, WARM_DAYS, type FoldedDay, type FoldedStation } from './fold.ts';
import type { World } from './world.ts';

/** An alarm takes these days to close after its cause has gone; in them it is not false. */
const AFTER_DAYS = 14;
const TRUE_UNEVEN_DUST = 0.035;
const COUNTY_RULE = { low: 0.8, days: 3, veryLow: 0.6 };

/** What the county-median rule says of the same days. */
interface CountyRule {
  lowDays: number;
  isOpen: boolean;
}

interface Outcome {
  event: InjectedEvent;
  smallDay: number | null;
  largeDay: number | null;
  siblingDay: number | null;
  clockDay: number | null;
  ruleDay: number | null;
  cause: CauseKind | null;
  zeroMin: number | null;
  /** A trip in which more than 0.25 kW per kW was lost: in less light nothing can be said. */
  isSunny: boolean;
  slopePerDay: number | null;
  lostWh: number;
  foundWh: number;
}

export interface HealthyDay {
  deviation: number;
  ruleDeviation: number | null;
  skyIndex: number;
  isInBand: boolean;
  stationId: string;
  dayIndex: number;
}

const KINDS_OF_CAUSE: Partial<Record<EventKind, CauseKind>> = {
  inverter: 'inverter',
  inverter_3: 'inverter',
  zero: 'outage',
  soiling: 'soiling',
  shading: 'shading',
  clock: 'clock',
  curtailment: 'curtailment',
  bad_data: 'bad_data',
};
/** Days after the start at which a person would ask for the cause. */
const ASKED_AFTER: Partial<Record<EventKind, number>> = {
  zero: 2,
  curtailment: 4,
  bad_data: 4,
  inverter: 10,
  inverter_3: 12,
  soiling: 30,
  shading: 14,
  clock: 9,
};

/** Watches a fold and counts what was found, missed and invented. */
export class Measure {
  readonly outcomes = new Map<InjectedEvent, Outcome>();
  readonly healthy: HealthyDay[] = [];
  readonly falseAlarms = { small: 0, large: 0, sibling: 0, dust: 0, snow: 0, rule: 0, zero: 0, clock: 0 };
  trueAlarms = 0;
  healthyDays = 0;
  healthyAlarmDays = 0;
  sunDays = 0;
  clockWindows = 0;
  /** What healthy days in their band are given as cause, on every seventh day. */
  readonly normalCauses = new Map<CauseKind | 'true_dust', number>();
  normalDays = 0;
  ruleHit = new Set<string>();
  private readonly rules = new Map<string, CountyRule>();
  private readonly wasOpen = new Map<string, { alarm: string; sibling: boolean }>();

  constructor(
    private readonly world: World,
    private readonly firstDay: number,
  ) {}

  day(dayIndex: number, stations: readonly FoldedStation[]): void {
    const rules = this.stepRules(stations);
    if (dayIndex < this.firstDay) return;
    for (const folded of stations) {
      const today = folded.recent.at(-1);
      if (today === undefined) continue;
      const event = folded.event(dayIndex);
      const recent = event ?? lately(folded, dayIndex);
      if (event)
        this.stepEvent(event, folded, stations, dayIndex, rules.get(folded.station.id)?.isOpen ?? false);
      this.countAlarm(folded, today, recent);
      if (recent === undefined) {
        this.countHealthy(folded, today, rules.get(folded.station.id));
        if (dayIndex % 7 === 0) this.countNormalCause(folded, stations, dayIndex);
      }
      if (recent !== undefined) this.wasRule(folded.station.id, rules.get(folded.station.id));
      if (event?.kind === 'trip' || (event === undefined && dayIndex % 12 === 0))
        this.stepZeroDay(event, folded, stations, today);
    }
  }

  private stepEvent(
    event: InjectedEvent,
    folded: FoldedStation,
    stations: readonly FoldedStation[],
    dayIndex: number,
    ruleOpen: boolean,
  ): void {
    const today = folded.recent.at(-1);
    if (today === undefined) return;
    const known = this.outcomes.get(event) ?? newOutcome(event);
    this.outcomes.set(event, known);
    const after = dayIndex - event.fromDay + 1;
    const { verdict } = today;
    const alarm = verdict.isJudged ? verdict.alarm : 'none';
    if (alarm === 'large') known.largeDay ??= after;
    if (alarm !== 'none') known.smallDay ??= after;
    if (today.siblingAlarm) known.siblingDay ??= after;
    if (ruleOpen) known.ruleDay ??= after;
    known.lostWh += today.lostWh;
    known.isSunny ||= today.lostWh > 0.25 * 2.5 * folded.station.place.capacityW;
    const isFound =
      alarm !== 'none' ||
      today.siblingAlarm ||
      (verdict.isJudged && verdict.expected.deviation < Math.log(0.75));
    if (isFound) known.foundWh += today.lostWh;
    if (event.kind === 'clock' && after <= 14 && Math.abs(lagOf(folded) ?? 0) >= 15) known.clockDay ??= after;
    const asked = ASKED_AFTER[event.kind];
    const isFelt = event.kind === 'clock' || event.kind === 'bad_data' || today.lostWh > 0.03 * today.trueWh;
    const isDue =
      asked !== undefined &&
      known.cause === null &&
      after >= asked &&
      (isFelt || event.kind === 'inverter_3');
    if (isDue) {
      const month = Number(this.world.dayAt(dayIndex).slice(5, 7));
      const evidence = evidenceOf(folded, stations, month);
      known.cause =
        evidence === null ? (today.badShare > 0.2 ? 'bad_data' : null) : explainDay(evidence).kind;
      known.slopePerDay = evidence?.slope?.perDay ?? null;
    }
  }

  private countAlarm(folded: FoldedStation, today: FoldedDay, recent: InjectedEvent | undefined): void {
    const { id } = folded.station;
    const alarm = today.verdict.isJudged ? today.verdict.alarm : (this.wasOpen.get(id)?.alarm ?? 'none');
    const before = this.wasOpen.get(id) ?? { alarm: 'none', sibling: false };
    this.wasOpen.set(id, { alarm, sibling: today.siblingAlarm });
    if (today.siblingAlarm && !before.sibling && recent === undefined) this.falseAlarms.sibling += 1;
    if (alarm === 'none' || before.alarm !== 'none') return;
    if (recent !== undefined) this.trueAlarms += 1;
    else if (folded.recent.slice(-4).some(({ isSnow }) => isSnow)) this.falseAlarms.snow += 1;
    else if (isDustier(folded)) this.falseAlarms.dust += 1;
    else if (alarm === 'small' || alarm === 'large') this.falseAlarms[alarm] += 1;
  }

  private countHealthy(folded: FoldedStation, today: FoldedDay, rule: CountyRule | undefined): void {
    const { id } = folded.station;
    this.healthyDays += 1;
    const { verdict } = today;
    if (this.wasRule(id, rule)) {
      this.falseAlarms.rule += 1;
      this.ruleHit.add(id);
    }
    if (!verdict.isJudged) return;
    if (verdict.alarm !== 'none') this.healthyAlarmDays += 1;
    if (today.isSnow) return;
    const { expected, skyIndex } = verdict;
    const measured = expected.expectedWh * Math.exp(expected.deviation);
    this.healthy.push({
      deviation: expected.deviation,
      ruleDeviation: this.ruleDeviations.get(id) ?? null,
      skyIndex,
      isInBand: measured >= expected.lowWh && measured <= expected.highWh,
      stationId: id,
      dayIndex: today.dayIndex,
    });
    if (today.dayIndex % 7 === 0) {
      this.clockWindows += 1;
      if (Math.abs(lagOf(folded) ?? 0) >= 15) this.falseAlarms.clock += 1;
    }
  }

  /** A cause on a normal day is an alarm of the queue or a word on the page that nothing stands behind. */
  private countNormalCause(
    folded: FoldedStation,
    stations: readonly FoldedStation[],
    dayIndex: number,
  ): void {
    const today = folded.recent.at(-1);
    if (!today?.verdict.isJudged || today.isSnow || today.verdict.alarm !== 'none') return;
    const evidence = evidenceOf(folded, stations, Number(this.world.dayAt(dayIndex).slice(5, 7)));
    if (evidence === null) return;
    this.normalDays += 1;
    const found = explainDay(evidence).kind;
    const kind = found === 'soiling' && isDustier(folded) ? 'true_dust' : found;
    this.normalCauses.set(kind, (this.normalCauses.get(kind) ?? 0) + 1);
  }

  /** Remembers the rule's state; true where it opens today. */
  private wasRule(id: string, rule: CountyRule | undefined): boolean {
    const opens = rule?.isOpen === true && this.rulesOpen.get(id) !== true;
    this.rulesOpen.set(id, rule?.isOpen ?? false);
    return opens;
  }
  private readonly rulesOpen = new Map<string, boolean>();
  private readonly ruleDeviations = new Map<string, number>();

  private stepRules(stations: readonly FoldedStation[]): ReadonlyMap<string, CountyRule> {
    const counties = Map.groupBy(stations, ({ station: { countyCode } }) => countyCode);
    this.ruleDeviations.clear();
    for (const members of counties.values()) {
      const yields = members.map((folded) => ({ id: folded.station.id, hours: hoursOf(folded) }));
      const middle = quantile(
        yields.flatMap(({ hours }) => hours ?? []),
        0.5,
      );
      if (middle === null || middle < 0.3) continue;
      for (const { id, hours } of yields) {
        if (hours === null) continue;
        const share = hours / middle;
        if (share > 0) this.ruleDeviations.set(id, Math.log(share));
        const lowDays = share < COUNTY_RULE.low ? (this.rules.get(id)?.lowDays ?? 0) + 1 : 0;
        this.rules.set(id, { lowDays, isOpen: lowDays >= COUNTY_RULE.days || share < COUNTY_RULE.veryLow });
      }
    }
    return this.rules;
  }

  /** A trip of two and a half hours by the quarter hour, with the sky that the peers tell for the same quarter hour. */
  private stepZeroDay(
    event: InjectedEvent | undefined,
    folded: FoldedStation,
    stations: readonly FoldedStation[],
    today: FoldedDay,
  ): void {
    if (!today.verdict.isJudged) return;
    const byId = new Map(stations.map((other) => [other.station.id, other.recent.at(-1)]));
    const peers = choosePeers(folded.candidates);
    let memory = quietZero();
    let openedSlot: number | null = null;
    for (let slot = 0; slot < 96; slot += 1) {
      const sky = peerSky(
        peers.flatMap(({ id, weight }) => {
          const other = byId.get(id);
          const clearW = other?.clear.clearW[slot] ?? 0;
          const powerW = other?.powersW[slot] ?? null;
          return other?.clear.isJudged[slot] === true && powerW !== null && clearW > 0
            ? [{ value: powerW / clearW, weight }]
            : [];
        }),
      );
      memory = stepZero(memory, {
        atMs: slot * 900_000,
        intervalMs: 900_000,
        powerW: today.rawW[slot] ?? null,
        expectedW: sky === null ? null : sky.index * (today.clear.clearW[slot] ?? 0),
        capacityW: folded.station.place.capacityW,
      });
      if (memory.isOpen) openedSlot ??= slot;
    }
    if (event === undefined) {
      this.sunDays += 1;
      if (openedSlot !== null && !today.isSnow) this.falseAlarms.zero += 1;
      return;
    }
    const outcome = this.outcomes.get(event);
    if (outcome && openedSlot !== null) outcome.zeroMin = (openedSlot + 1 - 44) * 15;
  }
}

function newOutcome(event: InjectedEvent): Outcome {
  return {
    event,
    smallDay: null,
    largeDay: null,
    siblingDay: null,
    clockDay: null,
    ruleDay: null,
    cause: null,
    zeroMin: null,
    isSunny: false,
    slopePerDay: null,
    lostWh: 0,
    foundWh: 0,
  };
}

function lately(folded: FoldedStation, dayIndex: number): InjectedEvent | undefined {
  for (let back = 1; back <= AFTER_DAYS; back += 1) {
    const event = folded.event(dayIndex - back);
    if (event) return event;
  }
  return undefined;
}

/** True where the station really is dustier than in the month before: a true loss, though nobody injected it. */
function isDustier(folded: FoldedStation): boolean {
  const dusts = folded.recent.map(({ dust }) => dust);
  return (dusts.at(-1) ?? 0) - Math.min(...dusts) > TRUE_UNEVEN_DUST;
}

function hoursOf({ recent, station }: FoldedStation): number | null {
  const today = recent.at(-1);
  if (today === undefined || today.gapShare > 0.2) return null;
  const energyWh = today.rawW.reduce<number>((sum, powerW) => sum + (powerW ?? 0) / 4, 0);
  return energyWh / station.place.capacityW;
}

/** The cause that a kind of event should be given; undefined where there is none to find. */
export const causeOf = (kind: EventKind): CauseKind | undefined => KINDS_OF_CAUSE[kind];

/** First day that counts: models are fitted, bands are learned. */
export const FIRST_COUNTED_DAY = WARM_DAYS + Math.min(30, FIT_EVERY_DAYS);
export type { Outcome };
