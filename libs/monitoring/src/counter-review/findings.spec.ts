import { describe, expect, it } from 'vitest';
import type { ReviewedCounter, ReviewedEvent } from './counter-reader.ts';
import { daylightAt } from './daylight.ts';
import { findingsOfDay } from './findings.ts';

const at = (time: string) => Date.parse(`2025-06-03T${time}+08:00`);
const event = (part: Partial<ReviewedEvent>): ReviewedEvent => ({
  kind: 'zero_frame',
  atMs: at('12:00:00'),
  fromWh: 1000,
  toWh: 0,
  energyWh: 0,
  decided: false,
  decision: null,
  ...part,
});
const counter = (part: Partial<ReviewedCounter>): ReviewedCounter => ({
  steps: [],
  events: [],
  proposals: [],
  ...part,
});

describe('findings of a day', () => {
  it('holds what lies in the day, and leaves the rest to its own day', () => {
    const events = [
      event({ atMs: at('00:00:00') - 1, decided: true }),
      event({ atMs: at('00:00:00'), decided: true }),
    ];
    const findings = findingsOfDay(7, counter({ events }), '2025-06-03');
    expect(findings).toMatchObject({ deviceId: 7, events: [{ atMs: at('00:00:00') }], proposals: [] });
  });
  it('makes one item of frames that nothing has followed', () => {
    const events = ['19:00:00', '19:05:00', '19:10:00'].map((time) => event({ atMs: at(time) }));
    const { events: told, proposals } = findingsOfDay(7, counter({ events }), '2025-06-03');
    expect(told).toHaveLength(3);
    expect(proposals).toMatchObject([{ atMs: at('19:00:00'), isWaiting: true, choices: [] }]);
  });
  it('asks a person about an undecided event even where there is nothing to choose', () => {
    const events = [event({ kind: 'night_output', fromWh: null, toWh: null, energyWh: 2000 })];
    expect(findingsOfDay(7, counter({ events }), '2025-06-03').proposals).toMatchObject([
      { kind: 'night_output', isWaiting: false, choices: [] },
    ]);
  });
  it('asks once where the engine has a proposal for the same event', () => {
    const same = { kind: 'reset' as const, atMs: at('12:00:00'), fromWh: 1000, toWh: 900 };
    const proposals = [{ ...same, isWaiting: false, choices: [] }];
    const found = findingsOfDay(7, counter({ events: [event(same)], proposals }), '2025-06-03');
    expect(found.proposals).toEqual(proposals);
  });
});

describe('daylight', () => {
  it('reaches from the morning twilight to that of the evening, on every day that is asked', () => {
    const isLight = daylightAt({ latitudeDeg: 37.5, longitudeDeg: 111.1 });
    // Sunrise of that day is at 05:11, sunset at 19:54.
    expect(
      ['04:00:00', '04:45:00', '12:00:00', '20:20:00', '21:00:00'].map((time) => isLight(at(time))),
    ).toEqual([false, true, true, true, false]);
    const winterNoon = Date.parse('2025-12-21T12:00:00+08:00');
    expect([isLight(winterNoon), isLight(winterNoon + 6.5 * 3_600_000)]).toEqual([true, false]);
  });
});
