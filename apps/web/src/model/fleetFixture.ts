import type { Fleet, LiveFleet } from '#contracts';

/** A quiet morning of the whole city, for tests: 461 of 468 stations report at 10:00 in Shanghai. */
const coverage = {
  stationsCounted: 461,
  stationsTotal: 468,
  oldestSampleAt: null,
  newestSampleAt: null,
  estimatedShare: 0,
};
const clock = {
  now: '2026-11-25T02:00:00.000Z',
  realNow: '2026-11-25T02:00:00.000Z',
  speed: 1,
  isReal: true,
  nightDemo: false,
};
const sun = {
  isDaylight: true,
  sunriseAt: '2026-11-24T23:07:00.000Z',
  sunsetAt: '2026-11-25T09:06:00.000Z',
};
const byState = {
  generating: 461,
  limited: 0,
  low: 0,
  zero: 0,
  fault: 0,
  offline: 7,
  night: 0,
  unknown: 0,
};
export const live: LiveFleet = {
  asOf: '2026-11-25T02:00:05.000Z',
  clock,
  area: { level: 'city', code: '141100', name: '吕梁市' },
  sun,
  stations: { total: 468, reporting: 461, byState },
  power: { ...coverage, powerW: 200_000_000 },
  today: { ...coverage, energyWh: 1, fullLoadHours: 0 },
  lostToday: { energyWh: 0, amountFen: '0' },
  counties: [],
};
export const fleet: Fleet = {
  ...live,
  asOf: '2026-11-25T02:00:00.000Z',
  simulated: true,
  power: { ...coverage, powerW: 100_000_000 },
  capacityW: 394_000_000,
  villages: 1469,
  households: 218_000,
  posts: 82_000,
  settled: { amountFen: '78600000000', asOfDay: '2025-08-31', definition: 'x' },
  month: { ...coverage, energyWh: 1, fullLoadHours: 0, completeDaysWh: null, sameDaysLastYearWh: null },
  year: { ...coverage, energyWh: 1, fullLoadHours: 0 },
  curve: { day: '2026-11-25', slots: [], yesterday: [], expected: null },
  openAlarms: { kinds: [], lostAmountFen: '0' },
  attention: [],
  attentionTotal: 0,
};
