import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, dayStartMs } from '#domain';
import { generateRegistry } from '#registry';
import { FaultBook } from './fault-book.ts';
import { faultsByRate } from './fault-rates.ts';
import { isActive, takesEnergy } from './faults.ts';
import { buildPlant } from './plant.ts';

const plant = buildPlant(1, generateRegistry(1));
const book = new FaultBook(plant, 'rates');
const anyInstant = fc.integer({ min: dayStartMs('2024-03-01'), max: dayStartMs('2028-01-01') });
const at = (instantMs: number) =>
  book.between(instantMs, instantMs + 1).filter((fault) => isActive(fault, instantMs));

describe('faults by rate', () => {
  it('always show a few of each kind that a person can see', () => {
    fc.assert(
      fc.property(anyInstant, (instantMs) => {
        const faults = at(instantMs);
        const count = (kind: string, inverter: boolean) =>
          faults.filter((fault) => fault.kind === kind && (fault.deviceCode !== null) === inverter).length;
        expect(count('offline', false)).toBeGreaterThanOrEqual(1);
        expect(count('zero', false)).toBeGreaterThanOrEqual(1);
        expect(count('low', false)).toBeGreaterThanOrEqual(1);
        expect(count('lost_messages', false)).toBeGreaterThanOrEqual(1);
        expect(count('zero', true)).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('leave 460 stations on the air and about 4 % ill', () => {
    fc.assert(
      fc.property(anyInstant, (instantMs) => {
        const stationsOf = (wanted: (fault: { kind: string }) => boolean) =>
          new Set(
            at(instantMs)
              .filter(wanted)
              .map(({ stationCode }) => stationCode),
          ).size;
        expect(468 - stationsOf(({ kind }) => kind === 'offline' || kind === 'late_backlog')).toBeGreaterThan(
          460,
        );
        const share =
          new Set(
            at(instantMs)
              .filter((fault) => takesEnergy(fault) || fault.kind === 'offline')
              .map(({ stationCode }) => stationCode),
          ).size / 468;
        expect(share).toBeGreaterThan(0.015);
        expect(share).toBeLessThan(0.06);
      }),
    );
  });

  it('are the same however the time is cut', () => {
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: 1, max: 40 }), (fromMs, days) => {
        const toMs = fromMs + days * DAY_MS;
        const middleMs = fromMs + (days * DAY_MS) / 3;
        const whole = faultsByRate(plant, { fromMs, toMs });
        const parts = [
          ...faultsByRate(plant, { fromMs, toMs: middleMs }),
          ...faultsByRate(plant, { fromMs: middleMs, toMs }),
        ];
        expect(parts).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});
