import { describe, expect, it } from 'vitest';
import { at, faultOf, TEST_INTERVAL_S, testFleet } from './testing/factories.ts';
import { seqAfter } from './telemetry/schedule.ts';
import { truthReport } from './truth-report.ts';

describe('the truth on paper', () => {
  it('names the energy of every device and day, and the faults with what they took', () => {
    const { truth } = testFleet({
      faults: [faultOf({ kind: 'zero', factor: 0, deviceCode: 'INV01', fromMs: at('2026-06-10', 12) })],
    });
    const report = truthReport(truth, { fromDay: '2026-06-09', days: 3, intervalS: TEST_INTERVAL_S });
    expect(report.days.map(({ day }) => day)).toEqual(['2026-06-09', '2026-06-10', '2026-06-11']);
    const energies = report.days.map(({ stations }) => stations[0]?.devices['INV01'] ?? Number.NaN);
    expect(energies[0]).toBeGreaterThan(0);
    expect(energies[2]).toBe(0);
    expect(report.faults).toHaveLength(1);
    expect(report.faults[0]).toMatchObject({ kind: 'zero', station: 'S01', device: 'INV01', to: null });
    expect(report.faults[0]?.lostWh).toBeGreaterThan(100_000);
    expect(report.days[0]?.stations.map(({ station }) => station)).toEqual(['S01', 'S02']);
  });

  it('names the messages that a fault of telling touches, by gateway', () => {
    const window = { fromMs: at('2026-06-10', 10), toMs: at('2026-06-10', 12) };
    const { truth, gateway } = testFleet({
      faults: [
        faultOf({ kind: 'offline', ...window }),
        faultOf({
          kind: 'lost_messages',
          share: 0.2,
          fromMs: at('2026-06-10', 12),
          toMs: at('2026-06-11', 12),
        }),
        faultOf({ kind: 'zero', factor: 0, deviceCode: 'INV01', fromMs: at('2026-06-10', 12) }),
      ],
    });
    const { faults } = truthReport(truth, { fromDay: '2026-06-10', days: 1, intervalS: TEST_INTERVAL_S });
    const messagesOf = (kind: string) => faults.find((fault) => fault.kind === kind)?.messages;
    const first = seqAfter(gateway, window.fromMs - 1);
    expect(messagesOf('offline')).toEqual({ GW01: [[first, first + 23]] });
    const dropped = messagesOf('lost_messages')?.['GW01'] ?? [];
    const count = dropped.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    expect(count / 144).toBeGreaterThan(0.1);
    expect(count / 144).toBeLessThan(0.3);
    expect(Math.min(...dropped.map(([from]) => from))).toBeGreaterThan(first + 23);
    expect(messagesOf('zero')).toBeNull();
  });
});
