import type { Database } from '#persistence';
import type { Clock } from '#platform';
import { CounterRecordService } from '#monitoring';
import type { ScenarioExchange, ScenarioMove } from './scenario-file.ts';

/** Two persons, as the product demands. */
const ENTERED_BY = 'scenario';
const CONFIRMED_BY = 'scenario, second person';

/** A meter or inverter was exchanged at this instant, and two persons say so. */
export async function recordExchange(
  database: Database,
  clock: Clock,
  { station, device, finalWh, startWh, newSerial }: ScenarioExchange,
): Promise<void> {
  const records = new CounterRecordService(database, clock);
  const { id } = await records.enterExchange({
    station,
    device,
    at: clock.now().toISOString(),
    finalWh,
    startWh,
    newSerial,
    note: '',
    enteredBy: ENTERED_BY,
  });
  await records.confirm(id, { confirmedBy: CONFIRMED_BY });
}

/** From this instant on the counter of a device is that of a device of another station. */
export async function recordMove(database: Database, clock: Clock, move: ScenarioMove): Promise<void> {
  const records = new CounterRecordService(database, clock);
  const { id } = await records.enterMove({
    from: { station: move.from, device: move.device },
    to: { station: move.to, device: move.device },
    at: clock.now().toISOString(),
    readingWh: null,
    note: '',
    enteredBy: ENTERED_BY,
  });
  await records.confirm(id, { confirmedBy: CONFIRMED_BY });
}
