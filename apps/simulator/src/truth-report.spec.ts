import { describe, expect, it } from 'vitest';
import { at, faultOf, testFleet } from './testing/factories.ts';
import { truthReport } from './truth-report.ts';

describe('the truth on paper', () => {
  it('names the energy of every device and day, and the faults with what they took', () => {
    const { truth } = testFleet({
      faults: [faultOf({ kind: 'zero', factor: 0, deviceCode: 'INV01', fromMs: at('2026-06-10', 12) })],
    });
    const report = truthReport(truth, '2026-06-09', 3);
    expect(report.days.map(({ day }) => day)).toEqual(['2026-06-09', '2026-06-10', '2026-06-11']);
    const energies = report.days.map(({ stations }) => stations[0]?.devices['INV01'] ?? Number.NaN);
    expect(energies[0]).toBeGreaterThan(0);
    expect(energies[2]).toBe(0);
    expect(report.faults).toHaveLength(1);
    expect(report.faults[0]).toMatchObject({ kind: 'zero', station: 'S01', device: 'INV01', to: null });
    expect(report.faults[0]?.lostWh).toBeGreaterThan(100_000);
    expect(report.days[0]?.stations.map(({ station }) => station)).toEqual(['S01', 'S02']);
  });
});
