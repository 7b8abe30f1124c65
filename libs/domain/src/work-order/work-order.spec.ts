import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sidesOf, WORK_ORDER_CAUSES } from './cause.ts';
import { addMonths, DEFAULT_LIMITS, dueOf, escalationOf, type ClockedOrder } from './clocks.ts';
import { judgeRepair, NORMAL_QUARTERS, type RepairQuarter } from './verify.ts';
import {
  afterAction,
  happenedAtMs,
  isEnded,
  KEPT_FORM_MAX_MS,
  mayClose,
  nextState,
  possibleActions,
  WORK_ORDER_ACTIONS,
  WORK_ORDER_KINDS,
  WORK_ORDER_STATES,
  type WorkOrderStand,
} from './work-order.ts';

const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2026-06-10T12:00:00+08:00');
const actions = fc.array(fc.constantFrom(...WORK_ORDER_ACTIONS), { maxLength: 40 });
const kinds = fc.constantFrom(...WORK_ORDER_KINDS);

function run(kind: WorkOrderStand['kind'], steps: readonly (typeof WORK_ORDER_ACTIONS)[number][]) {
  let stand: WorkOrderStand = { kind, state: 'opened', suspendedFrom: null };
  const taken: string[] = [];
  for (const action of steps) {
    const next = afterAction(stand, action);
    if (!next) continue;
    taken.push(action);
    stand = next;
  }
  return { stand, taken };
}

describe('states of a work order', () => {
  it('goes the whole way of a repair', () => {
    const way = ['dispatch', 'accept', 'arrive', 'repair', 'verify', 'close'] as const;
    expect(run('repair', way)).toMatchObject({ stand: { state: 'closed' }, taken: [...way] });
  });

  it('closes planned work without readings', () => {
    expect(nextState({ kind: 'wash', state: 'repaired', suspendedFrom: null }, 'verify')).toBeNull();
    expect(run('wash', ['accept', 'arrive', 'repair', 'close']).stand.state).toBe('closed');
  });

  it('never leaves an end, and never is suspended without a place to go on', () => {
    fc.assert(
      fc.property(kinds, actions, (kind, steps) => {
        const { stand } = run(kind, steps);
        expect(stand.state === 'suspended').toBe(stand.suspendedFrom !== null);
        expect(possibleActions(stand).length === 0).toBe(isEnded(stand.state));
      }),
    );
  });

  it('is never closed before somebody was there and did the work', () => {
    fc.assert(
      fc.property(kinds, actions, (kind, steps) => {
        const { stand, taken } = run(kind, steps);
        if (stand.state !== 'closed') return;
        const lastReturn = taken.lastIndexOf('return');
        const round = taken.slice(lastReturn + 1).filter((action) => action !== 'dispatch');
        expect(round.indexOf('accept')).toBe(0);
        expect(round.indexOf('arrive')).toBeLessThan(round.indexOf('repair'));
        expect(round.indexOf('repair')).toBeLessThan(round.indexOf('close'));
      }),
    );
  });

  it('goes on after a suspension where it was', () => {
    fc.assert(
      fc.property(kinds, actions, (kind, steps) => {
        const { stand } = run(kind, steps);
        const rested = afterAction(stand, 'suspend');
        if (rested) expect(afterAction(rested, 'resume')).toEqual({ ...stand, suspendedFrom: null });
      }),
    );
  });
});

describe('who closes a repair that the readings do not show', () => {
  const order = {
    kind: 'repair',
    isVerified: false,
    repairedBy: 'zhang',
    closer: 'li',
    reason: '站已拆',
  } as const;
  it('is another person, with a reason', () => {
    expect(mayClose(order)).toBe('may_close');
    expect(mayClose({ ...order, closer: 'zhang' })).toBe('other_person_needed');
    expect(mayClose({ ...order, reason: '  ' })).toBe('reason_needed');
    expect(mayClose({ ...order, reason: null, closer: 'zhang' })).toBe('other_person_needed');
    expect(mayClose({ ...order, isVerified: true, closer: 'zhang', reason: null })).toBe('may_close');
  });
});

describe('when a form that was kept counts as done', () => {
  it('is never in the future and never before what happened last, within what is known', () => {
    const ms = fc.integer({ min: 0, max: 10 * KEPT_FORM_MAX_MS });
    fc.assert(
      fc.property(fc.option(ms), ms, fc.option(ms), (claimedMs, recordedMs, lastMs) => {
        const at = happenedAtMs({ claimedMs, recordedMs, lastMs });
        expect(at).toBeLessThanOrEqual(recordedMs);
        expect(at).toBeGreaterThanOrEqual(recordedMs - KEPT_FORM_MAX_MS);
        if (lastMs !== null && lastMs <= recordedMs)
          expect(at).toBeGreaterThanOrEqual(Math.min(lastMs, recordedMs));
      }),
    );
    expect(happenedAtMs({ claimedMs: NOON_MS - HOUR_MS, recordedMs: NOON_MS, lastMs: null })).toBe(
      NOON_MS - HOUR_MS,
    );
  });
});

describe('clocks', () => {
  const order: ClockedOrder = {
    kind: 'repair',
    state: 'opened',
    size: 'minor',
    openedAtMs: NOON_MS,
    roundStartedAtMs: NOON_MS,
    repairedAtMs: null,
    suspendedMs: 0,
    plannedDueAtMs: null,
  };
  it('run 2, 24, 48 and 72 hours from the opening', () => {
    const hours = (part: Partial<ClockedOrder>) => {
      const due = dueOf({ ...order, ...part });
      return due ? [due.clock, (due.dueAtMs - NOON_MS) / HOUR_MS] : null;
    };
    expect(hours({})).toEqual(['accept', 2]);
    expect(hours({ state: 'accepted' })).toEqual(['arrive', 24]);
    expect(hours({ state: 'on_site' })).toEqual(['repair', 48]);
    expect(hours({ state: 'on_site', size: 'major' })).toEqual(['repair', 72]);
    expect(hours({ state: 'on_site', suspendedMs: 5 * HOUR_MS })).toEqual(['repair', 53]);
    expect(hours({ state: 'repaired', repairedAtMs: NOON_MS + HOUR_MS })).toEqual(['close', 49]);
    expect(hours({ state: 'suspended' })).toBeNull();
    expect(hours({ state: 'returned', roundStartedAtMs: NOON_MS + HOUR_MS })).toEqual(['accept', 3]);
  });

  it('run for every state but the ends and a suspension', () => {
    for (const state of WORK_ORDER_STATES)
      expect(dueOf({ ...order, state }) === null).toBe(isEnded(state) || state === 'suspended');
  });

  it('tell the township first and the county a day later', () => {
    const due = NOON_MS;
    expect(escalationOf(due, due)).toBe('none');
    expect(escalationOf(due, due + 1)).toBe('township');
    expect(escalationOf(due, due + DEFAULT_LIMITS.countyAfterMs)).toBe('township');
    expect(escalationOf(due, due + DEFAULT_LIMITS.countyAfterMs + 1)).toBe('county');
    expect(escalationOf(null, due)).toBe('none');
  });

  it('never falls back as time goes on', () => {
    const rank = { none: 0, township: 1, county: 2 };
    fc.assert(
      fc.property(fc.nat(10 * 24 * HOUR_MS), fc.nat(24 * HOUR_MS), (late, more) => {
        expect(rank[escalationOf(0, late + more)]).toBeGreaterThanOrEqual(rank[escalationOf(0, late)]);
      }),
    );
  });

  it('counts months by the calendar', () => {
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28');
    expect(addMonths('2026-11-15', 3)).toBe('2027-02-15');
    expect(addMonths('2028-01-31', 1)).toBe('2028-02-29');
  });
});

describe('causes and the meter line', () => {
  it('never lets the operator answer for what is before the meter', () => {
    for (const cause of WORK_ORDER_CAUSES) expect(sidesOf(cause).length).toBeGreaterThan(0);
    expect(sidesOf('grid_outage')).toEqual(['grid']);
    expect(sidesOf('meter')).toEqual(['grid']);
    expect(sidesOf('inverter')).not.toContain('grid');
  });
});

describe('what the readings say of a repair', () => {
  const capacityW = 100_000;
  const quarter = (
    index: number,
    ratio: number | null,
    referenceWh: number | null = 10_000,
  ): RepairQuarter => ({
    startsAtMs: NOON_MS + index * 900_000,
    ownWh: ratio === null || referenceWh === null ? null : ratio * referenceWh,
    referenceWh,
  });
  const judge = (quarters: RepairQuarter[], nowMs = NOON_MS + 100 * 900_000) =>
    judgeRepair({ quarters, capacityW, repairedAtMs: NOON_MS, nowMs });
  const many = (count: number, ratio: number | null, referenceWh?: number) =>
    Array.from({ length: count }, (_, index) => quarter(index, ratio, referenceWh));

  it('is verified after two normal hours of light', () => {
    expect(judge(many(NORMAL_QUARTERS, 0.85))).toEqual({ kind: 'verified', ratio: expect.closeTo(0.85) });
    expect(judge(many(NORMAL_QUARTERS - 1, 0.95))).toMatchObject({ kind: 'too_soon', quarters: 7 });
  });

  it('is not better at 12 % of its neighbours', () => {
    expect(judge(many(12, 0.12))).toEqual({ kind: 'not_better', ratio: expect.closeTo(0.12) });
  });

  it('tells the dark from silence, and an unknown from a measured zero', () => {
    expect(judge([])).toEqual({ kind: 'no_daylight' });
    expect(judge(many(12, 1, 100))).toEqual({ kind: 'no_daylight' });
    expect(judge(many(12, null))).toEqual({ kind: 'no_readings' });
    expect(judge(many(12, 0))).toEqual({ kind: 'not_better', ratio: 0 });
  });

  it('does not count what was before the repair, or is not over', () => {
    const before = many(12, 1).map((item) => ({ ...item, startsAtMs: item.startsAtMs - 24 * HOUR_MS }));
    expect(judge(before)).toEqual({ kind: 'no_daylight' });
    expect(judge(many(12, 1), NOON_MS + 4 * 900_000)).toMatchObject({ kind: 'too_soon', quarters: 4 });
  });

  it('is verified by a whole later day at 90 % that ended badly', () => {
    const nextDay = Array.from({ length: 40 }, (_, index) => quarter(72 + index, index < 32 ? 1 : 0.6));
    const over = NOON_MS + 40 * HOUR_MS;
    expect(judge(nextDay, over)).toMatchObject({ kind: 'verified', ratio: expect.closeTo(0.92) });
  });

  it('never verifies a station that stood below the band all the time', () => {
    const ratios = fc.array(fc.double({ min: 0, max: 0.79, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(ratios, (all) => {
        const verdict = judge(
          all.map((ratio, index) => quarter(index, ratio)),
          NOON_MS + 300 * 900_000,
        );
        expect(verdict.kind).not.toBe('verified');
      }),
    );
  });
});
