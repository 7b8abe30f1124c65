import type { TestbenchEvent, TestbenchMonth, TestbenchResult } from '#contracts';
import { priceHaoOn, rowOf, summaryOf } from './rows.ts';
import type { FileEnd } from './runner/file-play.ts';
import type { SettledOutcome } from './runner/money-outcome.ts';
import type { Scenario, TimedStep } from './runner/scenario-file.ts';
import { keyOfDay, noQuarterHours, type Stored } from './stored.ts';

type SettledMonth = SettledOutcome['months'][number];

/** What a scenario file expects of whole days is its truth; days of which it says nothing have none. */
export function fileResult(scenario: Scenario, end: FileEnd & { stored: Stored }): TestbenchResult {
  const { stored, mismatches } = end;
  const expected = new Map<string, number>();
  for (const { station, device, day, wh } of scenario.expect.days)
    if (device === undefined && typeof wh === 'number') expected.set(keyOfDay(station, day), wh);
  const keys = [...new Set([...expected.keys(), ...stored.days.keys()])].sort();
  const cells = keys.map((key) => {
    const [station = '', day = ''] = key.split(' ');
    return { key, station, day };
  });
  const rows = cells.map(({ key, station, day }) =>
    rowOf({
      station,
      day,
      truthWh: expected.get(key) ?? null,
      stored: stored.days.get(key),
      priceHaoPerKwh: priceHaoOn([], day),
    }),
  );
  const messages = scenario.steps.reduce((sum, { publish }) => sum + (publish?.times ?? 0), 0);
  return {
    summary: summaryOf(rows, { messages, pass: mismatches.length === 0 }),
    rows,
    months: (end.outcome.settled?.months ?? []).map(monthOf),
    curves: cells.map(({ key, station, day }) => ({
      station,
      day,
      truthWh: null,
      storedWh: stored.quarterHours.get(key) ?? noQuarterHours(),
    })),
    events: scenario.steps.flatMap(eventsOf),
    quarantine: stored.quarantine,
    counterEvents: stored.counterEvents,
    mismatches,
  };
}

function monthOf(month: SettledMonth): TestbenchMonth {
  const whole = (energyWh: string | null) => (energyWh === null ? null : Number(energyWh));
  const [truthWh, settledWh] = [whole(month.truthWh), whole(month.settledWh)];
  return {
    station: month.station,
    month: month.month,
    truthWh,
    storedWh: whole(month.storedWh),
    settledWh,
    settledFen: month.settledFen,
    differenceWh: truthWh === null || settledWh === null ? null : settledWh - truthWh,
  };
}

/** What happens in a file besides messages. */
function eventsOf(step: TimedStep): TestbenchEvent[] {
  const { deviceExchanged: exchange, deviceMoved: move, kill, start } = step;
  const plain = { from: new Date(step.atMs).toISOString(), to: null, lostWh: null };
  if (exchange)
    return [
      {
        ...plain,
        kind: 'device_exchanged',
        station: exchange.station,
        device: exchange.device,
        text: exchange.newSerial,
      },
    ];
  if (move)
    return [{ ...plain, kind: 'device_moved', station: move.from, device: move.device, text: move.to }];
  if (kill) return [{ ...plain, kind: 'kill', station: null, device: null, text: kill }];
  if (start) return [{ ...plain, kind: 'start', station: null, device: null, text: start }];
  return [];
}
