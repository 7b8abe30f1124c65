import { describe, expect, it } from 'vitest';
import { mismatchesOf, type Facts } from './expectations.ts';
import type { Outcome } from './outcome.ts';
import { parseScenario, type Expectations } from './scenario-file.ts';

const at = '2025-02-20T10:00:00+08:00';
const outcome: Outcome = {
  stations: {
    ST001: {
      days: { '2025-02-20': { energyWh: '200', method: 'inverter_counter', quality: 'measured' } },
      live: { powerW: 1100, measuredAt: at, state: 'generating' },
      devices: {
        INV01: {
          days: { '2025-02-20': { energyWh: '200', method: 'inverter_counter', quality: 'measured' } },
          quarterHours: {},
          readings: [
            {
              measuredAt: at,
              receivedAt: at,
              activePowerW: null,
              energyTotalWh: '215600',
              flags: ['field_rejected'],
            },
          ],
          counterEvents: [{ kind: 'jitter', at, fromWh: '2', toWh: '1', decided: true }],
          state: 'offline',
          powerW: null,
        },
      },
    },
  },
  quarantine: [{ reason: 'schema', detail: '', topic: 't', receivedAt: at, bytes: 1, times: 3 }],
  receipts: [],
};
const facts = (energyWh: number | null = 200): Facts => ({
  outcome,
  energyBetween: () => Promise.resolve(energyWh),
});

/** As they are read from a file. */
function expectations(expected: unknown): Expectations {
  const parsed = parseScenario(JSON.stringify({ name: 'x', stations: [], steps: [], expect: expected }));
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.scenario.expect;
}
const check = (expected: unknown, given = facts()) => mismatchesOf(expectations(expected), given);

const place = { station: 'ST001', device: 'INV01' };
const span = { ...place, from: at, to: '2025-02-20T10:20:00+08:00' };

describe('expectations', () => {
  it('are met by what was found, in any of the forms that allow more than one answer', async () => {
    const met = {
      energy: [
        { ...span, wh: 200 },
        { ...span, wh: '200' },
        { ...span, whBetween: [100, 300] },
        { ...span, wh: 210, toleranceWh: 10 },
      ],
      days: [
        { station: 'ST001', day: '2025-02-20', wh: 200, method: 'inverter_counter' },
        { station: 'ST001', day: '2025-02-21', wh: null },
      ],
      readings: [{ ...place, countBetween: [1, 2] }],
      values: [
        { ...place, measuredAt: at, field: 'activePowerW', value: null, flagged: true },
        { ...place, measuredAt: at, field: 'energyTotalWh', value: 215600 },
        { ...place, measuredAt: at, field: 'status', valueIn: ['running', null] },
      ],
      quarantine: [{ count: 1 }, { count: 3, reason: 'schema' }, { count: 0, reason: 'future' }],
      counterEvents: [
        { ...place, kind: 'jitter', count: 1 },
        { ...place, kind: 'reset', count: 0 },
      ],
      live: [
        { ...place, powerW: 1100, state: 'offline' },
        { station: 'ST001', state: 'running' },
      ],
      anyOf: [{ readings: [{ ...place, count: 7 }] }, { readings: [{ ...place, count: 1 }] }],
    };
    expect(await check(met)).toEqual([]);
  });

  it('are each named in one sentence where they are not met', async () => {
    const mismatches = await check({
      energy: [{ ...span, wh: 100 }],
      days: [{ station: 'ST001', day: '2025-02-21', wh: 5 }],
      values: [
        { ...place, measuredAt: at, field: 'activePowerW', value: 0, flagged: false },
        { ...place, measuredAt: '2025-02-20T10:05:00+08:00', field: 'activePowerW', value: null },
      ],
      quarantine: [{ count: 2 }],
      live: [{ station: 'ST999', powerW: 1 }],
      anyOf: [{ readings: [{ ...place, count: 7 }] }, { live: [{ ...place, state: 'night' }] }],
    });
    expect(mismatches).toEqual([
      'energy of ST001/INV01 from 2025-02-20T10:00:00+08:00 to 2025-02-20T10:20:00+08:00: expected 100 Wh, 200 Wh are booked',
      'day 2025-02-21 of ST001: expected 5 Wh, nothing is known',
      'activePowerW of ST001/INV01 at 2025-02-20T10:00:00+08:00: expected 0, found null',
      'activePowerW of ST001/INV01 at 2025-02-20T10:00:00+08:00: expected the reading without a flag, found field_rejected',
      'activePowerW of ST001/INV01 at 2025-02-20T10:05:00+08:00: there is no reading of this instant',
      'messages in quarantine: expected 2, found 1 or 3',
      'ST999 is not in the registry',
      'none of the 2 alternatives holds: (1) readings of ST001/INV01: expected 7, found 1 (2) state of ST001/INV01 in the end: expected night, found offline',
    ]);
  });

  it('take nothing booked for zero, and zero not for nothing known', async () => {
    expect(await check({ energy: [{ ...span, wh: 0 }] }, facts(null))).toEqual([]);
    expect(await check({ energy: [{ ...span, wh: null }] }, facts(0))).toHaveLength(1);
  });
});

describe('a scenario file', () => {
  const faultsOf = (file: unknown) => {
    const parsed = parseScenario(JSON.stringify(file));
    return 'faults' in parsed ? parsed.faults.map(({ place: where }) => where) : [];
  };
  const device = { code: 'INV01', kind: 'inverter', ratedKw: 5 };
  const base = { name: 'x', stations: [{ code: 'ST001', devices: [device] }], steps: [] };

  it('is refused with the place of each fault', () => {
    expect(
      faultsOf({ ...base, stations: [{ code: 'ST 1', devices: [{ ...device, kind: 'pump' }] }] }),
    ).toEqual(['stations[0].code', 'stations[0].devices[0].kind']);
    expect(
      faultsOf({
        ...base,
        steps: [
          { at, start: 'ingest' },
          { at, kill: 'database' },
          { wait: 'settled' },
          { at: '2025-02-20T09:00:00+08:00', deviceMoved: { device: 'INV02', from: 'ST001', to: 'ST009' } },
        ],
      }),
    ).toEqual([
      'steps[0].start',
      'steps[2].wait',
      'steps[3].at',
      'steps[3].deviceMoved',
      'steps[3].deviceMoved.to',
      'steps[3].deviceMoved',
    ]);
    expect(faultsOf({ ...base, steps: [{ at, publish: { topic: 't', json: 1, text: 'x' } }] })).toEqual([
      'steps[0].publish',
    ]);
    expect(faultsOf({ ...base, expect: { energy: [{ ...span, wh: 1, whh: 2 }] } })).toEqual([
      'expect.energy[0]',
    ]);
  });

  it('gives a step without an instant that of the step before', () => {
    const parsed = parseScenario(
      JSON.stringify({ ...base, steps: [{ kill: 'ingest' }, { at, start: 'ingest' }, { wait: 'settled' }] }),
    );
    if ('faults' in parsed) throw new Error('has faults');
    expect(parsed.scenario.steps.map(({ atMs }) => atMs)).toEqual(Array(3).fill(Date.parse(at)));
  });
});
