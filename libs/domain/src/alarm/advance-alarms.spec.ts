import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceAlarms,
  emptyAlarmState,
  PARENT_GRACE_MS,
  restoreAlarms,
  withAlarmsOfPersons,
} from './advance-alarms.ts';
import { ALARM_RULES, policyInForce } from './alarm-policy.ts';
import type { AlarmChange, AlarmKindName, AlarmObservation, AlarmState } from './alarm-types.ts';

const MINUTE = 60_000;
const t0 = Date.parse('2026-06-01T10:00:00+08:00');
const station = 'station:1';
const defaults = (kind: AlarmKindName) => ALARM_RULES[kind].policy;
const see = (
  kind: AlarmKindName,
  minute: number,
  seen: number | null,
  extra: Partial<AlarmObservation> = {},
): AlarmObservation => ({
  kind,
  subject: station,
  parents: [],
  atMs: t0 + minute * MINUTE,
  seen,
  isQuiet: false,
  ...extra,
});

/** Runs a step a minute and returns what happened, as `minute type`. */
function run(
  minutes: number,
  at: (minute: number) => AlarmObservation[],
  from: AlarmState = emptyAlarmState(),
): { log: string[]; state: AlarmState; changes: AlarmChange[] } {
  let state = from;
  const changes: AlarmChange[] = [];
  const log: string[] = [];
  for (let minute = 0; minute <= minutes; minute += 1) {
    const step = advanceAlarms(state, at(minute), defaults, t0 + minute * MINUTE);
    state = step.state;
    changes.push(...step.changes);
    log.push(...step.changes.map(({ type, kind }) => `${minute} ${kind} ${type}`));
  }
  return { log, state, changes };
}

describe('alarm ladder', () => {
  it('counts the daylight of a silence over the night: an hour in the evening and one in the morning', () => {
    const silent = (minute: number, lightMin: number) =>
      see('offline', minute, 3600, { lastedMs: (lightMin - 30) * MINUTE });
    const night = (minute: number) => see('offline', minute, null);
    const { log } = run(14 * 60 + 90, (minute) => {
      if (minute <= 60) return minute < 30 ? [see('offline', minute, minute * 60)] : [silent(minute, minute)];
      return minute < 14 * 60 ? [night(minute)] : [silent(minute, 60 + minute - 14 * 60)];
    });
    expect(log).toEqual(['30 offline incident_began', `${14 * 60 + 60} offline alarm_opened`]);
  });

  it('raises after the delay to the minute, recovers after the time of well-being, and closes by itself', () => {
    const { log } = run(300, (minute) => [see('zero', minute, minute < 60 ? 0 : 0.4)]);
    expect(log).toEqual([
      '0 zero incident_began',
      '30 zero alarm_opened',
      '90 zero incident_ended',
      '90 zero alarm_recovered',
      '210 zero alarm_closed',
    ]);
  });

  it('lets an incident that does not last go by', () => {
    const { log } = run(120, (minute) => [see('zero', minute, minute % 29 === 28 ? 0.06 : 0)]);
    expect(log.filter((line) => line.includes('alarm'))).toEqual([]);
  });

  it('does nothing between the two limits', () => {
    const { log } = run(240, (minute) => [see('zero', minute, minute < 31 ? 0 : 0.03)]);
    expect(log).toEqual(['0 zero incident_began', '30 zero alarm_opened']);
  });

  it('joins the open alarm with a new incident of the kind', () => {
    const { log } = run(160, (minute) => [see('zero', minute, minute < 40 || minute > 80 ? 0 : 0.5)]);
    expect(log).toEqual([
      '0 zero incident_began',
      '30 zero alarm_opened',
      '70 zero incident_ended',
      '70 zero alarm_recovered',
      '81 zero incident_began',
      '111 zero alarm_joined',
    ]);
  });

  it('starts again where nothing was known in between, and holds what is raised through the night', () => {
    const early = run(120, (minute) => [see('zero', minute, minute > 20 && minute < 70 ? null : 0)]);
    expect(early.log.filter((line) => line.includes('alarm'))).toEqual(['100 zero alarm_opened']);
    const night = run(800, (minute) => [see('zero', minute, minute < 31 ? 0 : null)]);
    expect(night.state.tracks.get('zero|station:1')?.incident?.isRaised).toBe(true);
  });

  it('raises nothing while quiet, but ends what is well', () => {
    const quiet = run(120, (minute) => [see('zero', minute, 0, { isQuiet: minute < 80 })]);
    expect(quiet.log).toEqual(['80 zero incident_began', '110 zero alarm_opened']);
    const resolved = run(120, (minute) => [
      see('zero', minute, minute < 40 ? 0 : 0.5, { isQuiet: minute >= 35 }),
    ]);
    expect(resolved.log).toContain('70 zero alarm_recovered');
  });

  it('makes one alarm of a parent, not one of each station, and leaves them time to come back', () => {
    const stations = Array.from({ length: 468 }, (_, index) => `station:${index}`);
    const downUntil = 200;
    const { changes } = run(downUntil + 120, (minute) => [
      see('ingest_down', minute, minute < downUntil ? 200 + minute * 60 : 5, { subject: 'city' }),
      ...stations.map((subject) =>
        see('offline', minute, minute < downUntil + PARENT_GRACE_MS / MINUTE - 2 ? 1801 + minute * 60 : 60, {
          subject,
          parents: ['city'],
        }),
      ),
    ]);
    expect(changes.filter(({ type }) => type === 'alarm_opened').map(({ kind }) => kind)).toEqual([
      'ingest_down',
    ]);
  });

  it('goes up where nobody acknowledges, once, and not while snoozed or acknowledged', () => {
    const always = (minute: number) => [see('zero', minute, 0)];
    expect(run(600, always).log.filter((line) => line.includes('escalated'))).toEqual([
      '270 zero alarm_escalated',
    ]);
    const { state } = run(30, always);
    const acknowledged = withAlarmsOfPersons(
      state,
      new Map([['zero|station:1', { isAcknowledged: true, snoozedUntilMs: null }]]),
    );
    expect(run(600, always, acknowledged).log.filter((line) => line.includes('escalated'))).toEqual([]);
  });

  it('stays closed where a person closed it, until there is a new incident', () => {
    const closed = withAlarmsOfPersons(run(40, (minute) => [see('zero', minute, 0)]).state, new Map());
    const { log } = run(
      200,
      (minute) => [see('zero', minute + 41, minute > 60 && minute < 100 ? 0.5 : 0)],
      closed,
    );
    expect(log.filter((line) => line.endsWith('alarm_opened'))).toEqual(['130 zero alarm_opened']);
  });

  it('goes on after a restart from what is stored', () => {
    const { state } = run(40, (minute) => [see('zero', minute, 0)]);
    const stored = [...state.tracks.values()].map(({ kind, subject, incident, alarm }) => ({
      kind,
      subject,
      incident,
      alarm,
    }));
    const step = advanceAlarms(restoreAlarms(stored), [see('zero', 41, 0)], defaults, t0 + 41 * MINUTE);
    expect(step.changes).toEqual([]);
  });

  it('takes a day below 60 % alone, and below 80 % only three days running', () => {
    const day = 24 * 60;
    const lowDays = (ratios: number[]) => {
      let state = emptyAlarmState();
      return ratios.flatMap((_, index) => {
        const step = advanceAlarms(
          state,
          ratios.slice(0, index + 1).map((ratio, at) => see('low', at * day, ratio)),
          defaults,
          t0 + index * day * MINUTE,
        );
        state = step.state;
        return step.changes.filter(({ type }) => type === 'alarm_opened').map(({ level }) => [index, level]);
      });
    };
    expect(lowDays([0.5])).toEqual([[0, 'major']]);
    expect(lowDays([0.7, 0.7, 0.7])).toEqual([[2, 'minor']]);
    expect(lowDays([0.7, 0.95, 0.7, 0.7])).toEqual([]);
  });

  it('does not take a low day back because something else began since, nor raise it when that has ended', () => {
    const day = 24 * 60;
    const low = see('low', day, 0.5);
    const fault = (minute: number, count: number) => see('fault', minute, count);
    const raised = advanceAlarms(emptyAlarmState(), [low], defaults, t0 + day * MINUTE).state;
    const both = advanceAlarms(raised, [low, fault(day + 5, 1)], defaults, t0 + (day + 5) * MINUTE);
    const later = advanceAlarms(both.state, [low, fault(day + 10, 1)], defaults, t0 + (day + 10) * MINUTE);
    const changes = [...both.changes, ...later.changes].filter(({ kind }) => kind === 'low');
    expect(changes).toEqual([]);
    const spokenFor = [5, 10].reduce(
      (state, minute) =>
        advanceAlarms(state, [fault(minute, 1), see('low', 10, 0.5)], defaults, t0 + minute * MINUTE).state,
      emptyAlarmState(),
    );
    const ended = advanceAlarms(
      spokenFor,
      [fault(15, 0), fault(20, 0), see('low', 10, 0.5)],
      defaults,
      t0 + 40 * MINUTE,
    );
    expect(ended.changes.map(({ kind, type }) => `${kind} ${type}`)).not.toContain('low alarm_opened');
  });
});

describe('windows', () => {
  const samples = fc.array(
    fc.record({ minute: fc.integer({ min: 0, max: 29 }), seen: fc.constantFrom(0, 0.005, 0.02, 0.3, null) }),
    { maxLength: 60 },
  );
  const end = (state: AlarmState) => state.tracks.get('zero|station:1')?.incident ?? null;

  it('does not depend on the order in which samples come, nor on how they are cut into steps', () => {
    fc.assert(
      fc.property(samples, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 7 }), (list, keys, cut) => {
        const given = list.map(({ minute, seen }) => see('zero', minute, seen));
        const policy = () => ({ ...defaults('zero'), delayMs: 10 * MINUTE, clearAfterMs: 5 * MINUTE });
        const once = advanceAlarms(emptyAlarmState(), given, policy, t0 + 29 * MINUTE).state;
        const shuffled = given
          .map((observation) => ({ observation, key: Number(keys.next().value ?? 0) }))
          .toSorted((one, other) => one.key - other.key)
          .map(({ observation }) => observation);
        let state = emptyAlarmState();
        for (let first = 0; first < shuffled.length; first += cut)
          state = advanceAlarms(state, shuffled.slice(first, first + cut), policy, t0 + 29 * MINUTE).state;
        expect(end(state)).toEqual(end(once));
      }),
    );
  });

  it('takes the worse of two samples with the same instant, in either order', () => {
    const pair = [see('zero', 5, 0), see('zero', 5, 0.9)];
    for (const given of [pair, pair.toReversed()]) {
      const { state } = advanceAlarms(emptyAlarmState(), given, defaults, t0 + 5 * MINUTE);
      expect(end(state)?.beganAtMs).toBe(t0 + 5 * MINUTE);
    }
  });

  it('counts a delay that is reached at the very instant of the last sample', () => {
    const given = [see('fault', 0, 1), see('fault', 15, 1)];
    const { changes } = advanceAlarms(emptyAlarmState(), given, defaults, t0 + 15 * MINUTE);
    expect(changes.map(({ type }) => type)).toContain('alarm_opened');
  });
});

describe('policy in force', () => {
  const policy = defaults('zero');
  const row = (id: number, countyCode: string | null, effectiveFrom: string, delayMs: number) => ({
    id,
    kind: 'zero' as const,
    countyCode,
    effectiveFrom,
    policy: { ...policy, delayMs },
  });
  const stored = [
    row(1, null, '2026-01-01', 1),
    row(2, '141124', '2026-03-01', 2),
    row(3, '141124', '2026-03-01', 3),
    row(4, null, '2026-06-01', 4),
  ];
  const delayOn = (day: string, countyCode: string | null) =>
    policyInForce(stored, { kind: 'zero', countyCode, day }).delayMs;

  it('is the county’s before the city’s before the default, and the last entered of one day', () => {
    expect(delayOn('2025-12-31', '141124')).toBe(policy.delayMs);
    expect(delayOn('2026-02-28', '141124')).toBe(1);
    expect(delayOn('2026-07-01', '141124')).toBe(3);
    expect(delayOn('2026-07-01', '141125')).toBe(4);
  });
});
