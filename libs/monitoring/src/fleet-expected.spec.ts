import { describe, expect, it } from 'vitest';
import { expectedBand, openAlarmsOf, scaledTo } from './fleet-expected.ts';
import type { ExpectedSlotRow, OpenKindRow } from './fleet-expected.repository.ts';

const slot = (part: Partial<ExpectedSlotRow> = {}): ExpectedSlotRow => ({
  startsAt: new Date('2026-11-25T12:00:00+08:00'),
  expectedPowerW: 900,
  lowPowerW: 810,
  highPowerW: 990,
  capacityW: 1800,
  stations: 9,
  computedAt: new Date('2026-11-25T12:05:00+08:00'),
  ...part,
});
const kind = (part: Partial<OpenKindRow>): OpenKindRow => ({
  countyCode: '141124',
  kind: 'zero',
  level: 'major',
  alarms: 1,
  unacknowledged: 1,
  stations: 1,
  lostEnergyWh: 1000,
  lostAmountFen: 85n,
  ...part,
});

describe('the band of an area', () => {
  it('is scaled from most of the stations to all, and unknown of fewer', () => {
    expect(scaledTo(2000, slot())).toEqual({ expectedPowerW: 1000, lowPowerW: 900, highPowerW: 1100 });
    expect(scaledTo(2000, slot({ capacityW: 1500 })).expectedPowerW).toBeNull();
    expect(scaledTo(2000, undefined).highPowerW).toBeNull();
  });

  it('has every quarter hour from 04:00 to 21:00 and says how many stations are in', () => {
    const band = expectedBand([slot()], { day: '2026-11-25', capacityW: 2000, stations: 10 });
    expect(band).toMatchObject({ stationsCounted: 9, stationsTotal: 10, capacityW: 1800 });
    expect(band?.slots).toHaveLength(68);
    expect(band?.slots.filter(({ expectedPowerW }) => expectedPowerW !== null)).toMatchObject([
      { startsAt: '2026-11-25T04:00:00.000Z', expectedPowerW: 1000, stationsCounted: 9 },
    ]);
    expect(expectedBand([], { day: '2026-11-25', capacityW: 2000, stations: 10 })).toBeNull();
  });
});

describe('open alarms by kind', () => {
  const rows = [
    kind({}),
    kind({ countyCode: '141125', level: 'critical', lostAmountFen: 100n }),
    kind({ kind: 'low', level: 'minor', lostAmountFen: 500n }),
    kind({ countyCode: null, kind: 'ingest_down', level: 'critical', stations: 0, lostAmountFen: 0n }),
  ];

  it('are added up over the counties, the most yuan first, as grave as the gravest', () => {
    expect(openAlarmsOf(rows, null)).toMatchObject({
      kinds: [
        { kind: 'low', lostAmountFen: '500' },
        { kind: 'zero', level: 'critical', alarms: 2, lostAmountFen: '185' },
        { kind: 'ingest_down' },
      ],
      lostAmountFen: '685',
    });
    expect(openAlarmsOf(rows, '141125').kinds.map((one) => one.kind)).toEqual(['zero']);
  });
});
