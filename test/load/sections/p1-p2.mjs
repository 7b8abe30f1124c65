// P1: gateway batches of 14 readings, broker → committed and acknowledged, against one idempotent bulk write of the same
// rows. P2: one reading a message, against receiving alone. Beside both: what people build instead.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker, makeSession } from '../support/broker.mjs';
import { BATCH_FILTER, insertAMessage, receiveOnly, subIntoPsql, sunledger } from '../support/contenders.mjs';
import { createDatabase, psql } from '../support/database.mjs';
import { median, perSecond, round, say } from '../support/figures.mjs';
import { CITY, COLUMNS, createRegistry, deviceId, FleetDay, yesterday } from '../support/fleet.mjs';
import { loadLibraries } from '../support/libraries.mjs';
import { publishAll } from '../support/publisher.mjs';
import { drain, killInTheMiddle } from '../support/runs.mjs';

/** Times of measurement: 277,536 readings in 19,824 batches, and 99,120 single ones. */
const BATCH_SLOTS = 42;
const SINGLE_SLOTS = 15;
/** Goals: design.md, section of the round. */
const P1_GOAL = 0.5;
const P2_GOAL = 0.7;

const columns = COLUMNS.join(', ');

/** The best idempotent write of many rows that one connection has: COPY to a temporary table, one insert from it. */
const bulkWrite = (file) => `
begin;
create temp table incoming on commit drop as select ${columns} from reading with no data;
\\copy incoming (${columns}) from '${file}'
insert into reading (${columns}) select ${columns} from incoming order by device_id, measured_at on conflict do nothing;
commit;
`;

/** Starts where there is a database; each section drops its own. */
async function prepare(server, slots) {
  const store = await createDatabase(server);
  await createRegistry(store.database, CITY);
  const { day, startMs } = await yesterday();
  const fleetDay = new FleetDay(CITY, startMs, { slots });
  const last = {
    deviceId: deviceId(CITY, CITY.stations - 1, CITY.inverters - 1),
    atMs: fleetDay.measuredAtMs(slots - 1),
  };
  const readings = slots * CITY.stations * CITY.inverters;
  return { store, fleetDay, load: { day, last, readings, filter: BATCH_FILTER } };
}

/** Others beside the product: figures of one run, and of one that was killed. */
async function others({ store, load, name }) {
  const results = {};
  for (const contender of [insertAMessage, subIntoPsql()]) {
    if (contender === null) {
      say(
        'mosquitto_sub or psql is missing: not measured (apt-get install mosquitto-clients postgresql-client)',
      );
      continue;
    }
    say(`${name}: ${contender.name}`);
    const { readingsPerS } = await drain({ store, contender, load });
    const { lost } = await killInTheMiddle({ store, contender, load });
    results[contender.name] = { readingsPerS, lostWhenKilled: lost, of: load.readings };
  }
  return results;
}

/** The figure of a section: the median of its runs, held against the median of its limit. */
function closing({ runs, limits, goal }) {
  const figure = median(runs.map(({ readingsPerS }) => readingsPerS));
  const limit = median(limits);
  return {
    figure,
    limit,
    ratio: round(figure / limit),
    goal: `≥ ${goal}`,
    isMet: figure / limit >= goal,
    runs,
    limits,
  };
}

export async function p1({ server, rounds, profileFolder, withOthers }) {
  const { store, fleetDay, load: base } = await prepare(server, BATCH_SLOTS);
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-rows-'));
  const file = join(folder, 'rows.tsv');
  const load = { ...base, messages: () => fleetDay.batches() };
  const contender = sunledger({ profileFolder });
  const limits = [];
  const limitCosts = [];
  const runs = [];
  try {
    await fleetDay.writeRows(file);
    for (let turn = 1; turn <= rounds; turn += 1) {
      await store.reset();
      await store.ensureDay(load.day);
      const written = await psql(store, bulkWrite(file));
      limitCosts.push(written.cpuS);
      limits.push(perSecond(load.readings, written.ms));
      runs.push(await drain({ store, contender, load }));
      say(`P1 ${turn}/${rounds}: ${runs.at(-1).readingsPerS} of ${limits.at(-1)} readings/s`);
    }
    const killed = await killInTheMiddle({ store, contender, load });
    return {
      ...closing({ runs, limits, goal: P1_GOAL }),
      unit: 'readings/s',
      limitCosts,
      killed,
      others: withOthers ? await others({ store, load, name: 'P1' }) : {},
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await store.drop();
  }
}

/** Receiving and acknowledging the same messages. */
async function receiving(load) {
  const { freePort } = await loadLibraries();
  const broker = await startBroker({ freePort });
  try {
    await makeSession(broker, 'receive-only', load.filter);
    const count = await publishAll(broker, load.messages());
    return perSecond(count, await receiveOnly({ broker, filter: load.filter, count }));
  } finally {
    await broker.stop();
  }
}

export async function p2({ server, rounds, profileFolder, withOthers }) {
  const { store, fleetDay, load: base } = await prepare(server, SINGLE_SLOTS);
  const load = { ...base, messages: () => fleetDay.singles() };
  const contender = sunledger({ profileFolder });
  const limits = [];
  const runs = [];
  try {
    for (let turn = 1; turn <= rounds; turn += 1) {
      limits.push(await receiving(load));
      runs.push(await drain({ store, contender, load }));
      say(`P2 ${turn}/${rounds}: ${runs.at(-1).readingsPerS} of ${limits.at(-1)} messages/s`);
    }
    const killed = await killInTheMiddle({ store, contender, load });
    return {
      ...closing({ runs, limits, goal: P2_GOAL }),
      unit: 'readings/s, one a message',
      killed,
      others: withOthers ? await others({ store, load, name: 'P2' }) : {},
    };
  } finally {
    await store.drop();
  }
}
