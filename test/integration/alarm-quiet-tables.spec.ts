import { describe, expect, it } from 'vitest';
import { dayStartMs } from '#domain';
import { generateRegistry } from '#registry';
import { createTestDatabase } from '#test-support';
import { alarmRows, HARD_KINDS } from '../evaluation/tables/alarm-rows.ts';
import { TableFleet, type Stopped } from '../evaluation/tables/table-fleet.ts';
import { truthFleet } from '../evaluation/tables/truth-fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** So that an hour by night is no pause of the programs. */
const SPEED = 13;
const STATIONS = 8;
const seasons = [
  { from: '2026-06-01', ...(await createTestDatabase()) },
  { from: '2026-01-05', ...(await createTestDatabase()) },
];
const { database: city } = await createTestDatabase();

/** Thirty were run for docs/ALARMS.md; `npm run evaluate -- --alarms` runs as many as are asked for. */
const DAYS = 5;

describe('days of eight stations without faults, through the tables', () => {
  it.each(seasons)(
    'raise no hard alarm from $from on',
    async ({ from, database }) => {
      const registry = truthFleet();
      const fleet = await TableFleet.begin({
        database,
        seed: 7,
        registry: { ...registry, stations: registry.stations.slice(0, STATIONS) },
        faults: [],
        fromDay: from,
        historyDays: 75,
        speed: SPEED,
      });
      await fleet.runDays(DAYS, 15 * MINUTE);
      const rows = await alarmRows(database);
      expect(rows.filter(({ kind }) => HARD_KINDS.has(kind))).toEqual([]);
    },
    300_000,
  );
});

describe('a restart in daylight, with 468 stations', () => {
  // Each part is away for so long, one after the other, and half an hour goes by until the next.
  const restarts: { stopped: Stopped; minutes: number }[] = [
    { stopped: 'broker', minutes: 5 },
    { stopped: 'worker', minutes: 20 },
    { stopped: 'everything', minutes: 60 },
    { stopped: 'everything', minutes: 5 },
  ];
  it('raises nothing, whichever program it is', async () => {
    const fleet = await TableFleet.begin({
      database: city,
      seed: 1,
      registry: generateRegistry(1),
      faults: [],
      fromDay: '2026-06-02',
      historyDays: 0,
    });
    // The night is of no interest: the first messages are those of the morning.
    fleet.skipTo(dayStartMs('2026-06-02') + 8 * HOUR);
    await fleet.run(fleet.clock.atMs + 20 * MINUTE);
    for (const { stopped, minutes } of restarts) {
      fleet.stopped = stopped;
      await fleet.run(fleet.clock.atMs + minutes * MINUTE);
      fleet.stopped = 'none';
      fleet.restartWorker();
      await fleet.run(fleet.clock.atMs + 30 * MINUTE);
    }
    expect(await alarmRows(city)).toEqual([]);
  }, 300_000);
});
