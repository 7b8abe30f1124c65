import { describe, expect, it } from 'vitest';
import { FaultScriptError, parseFaultScript } from './fault-script.ts';

const devices = new Map([['S01', new Set(['INV01', 'M01'])]]);
const parse = (value: unknown) => parseFaultScript(JSON.stringify(value), devices);
const plain = { station: 'S01', from: '2026-06-01T09:01:00+08:00' };

describe('a fault script', () => {
  it('becomes faults, with windows of energy on the five-minute knots', () => {
    const [fault] = parse([
      { ...plain, kind: 'low', device: 'INV01', factor: 0.5, to: '2026-06-01T10:01:00+08:00' },
    ]);
    expect(fault).toMatchObject({
      kind: 'low',
      stationCode: 'S01',
      deviceCode: 'INV01',
      factor: 0.5,
      fromMs: Date.parse('2026-06-01T09:00:00+08:00'),
      toMs: Date.parse('2026-06-01T10:05:00+08:00'),
    });
  });

  it('strikes a share of the messages, a small one unless it says how much', () => {
    expect(parse([{ ...plain, kind: 'lost_messages', share: 0.25 }])[0]).toMatchObject({ share: 0.25 });
    expect(parse([{ ...plain, kind: 'conflict' }])[0]).toMatchObject({ kind: 'conflict', share: 0.04 });
  });

  it('lasts for ever where no end is given', () => {
    expect(parse([{ ...plain, kind: 'offline' }])[0]?.toMs).toBe(Infinity);
  });

  it.each([
    ['an unknown station', [{ ...plain, kind: 'zero', station: 'S99' }], 'no station S99'],
    ['an unknown device', [{ ...plain, kind: 'zero', device: 'INV77' }], 'no device INV77'],
    ['an instant without zone', [{ ...plain, kind: 'zero', from: '2026-06-01T09:00:00' }], 'from'],
    ['a low without factor', [{ ...plain, kind: 'low' }], 'factor'],
    ['a reset of no device', [{ ...plain, kind: 'counter_reset' }], 'device'],
    ['an end before the beginning', [{ ...plain, kind: 'zero', to: '2026-05-01T00:00:00+08:00' }], 'later'],
    ['a share of another kind', [{ ...plain, kind: 'zero', share: 0.5 }], 'share'],
    ['an unknown field', [{ ...plain, kind: 'zero', until: 1 }], 'until'],
  ])('is refused with %s', (_, script, place) => {
    expect(() => parse(script)).toThrow(FaultScriptError);
    expect(() => parse(script)).toThrow(place);
  });

  it('is refused where it is not JSON', () => {
    expect(() => parseFaultScript('[{', devices)).toThrow(FaultScriptError);
  });
});
