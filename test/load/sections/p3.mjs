// P3: the nation's village stations, 83,000 of them at one message a minute, with broker, database and publishers on the
// same machine. The lag is from the instant of measurement, which is that of sending, to the commit of the row.
import { setTimeout as delay } from 'node:timers/promises';
import { startBroker } from '../support/broker.mjs';
import { sunledger } from '../support/contenders.mjs';
import { createDatabase } from '../support/database.mjs';
import { at, perSecond, round, say, until } from '../support/figures.mjs';
import { createRegistry, FleetDay, NATION } from '../support/fleet.mjs';
import { loadLibraries } from '../support/libraries.mjs';
import { Publisher } from '../support/publisher.mjs';

const GOAL_P99_MS = 5000;
const MINUTE_MS = 60_000;
/** A gateway concentrator or a bridge of the province carries many stations. */
const CONNECTIONS = 8;
const TICK_MS = 20;
const SETTLE_MS = 60_000;

/** Sends every station once a minute, evenly, for as long as asked. @returns figures of the sending itself. */
async function sendNation(broker, { fleetDay, minutes, onSecond }) {
  const publishers = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, number) =>
      Publisher.connect(broker.port, `bench-nation-${number}`),
    ),
  );
  const total = Math.round(NATION.stations * minutes);
  const fromMs = Date.now();
  let sent = 0;
  let latestMs = 0;
  let nextSecondMs = fromMs + 1000;
  while (sent < total) {
    const nowMs = Date.now();
    const due = Math.min(total, Math.floor(((nowMs - fromMs) * NATION.stations) / MINUTE_MS));
    for (; sent < due; sent += 1) {
      const station = sent % NATION.stations;
      const minute = Math.floor(sent / NATION.stations);
      // The curve of noon: every field is there.
      const message = fleetDay.batch(station, minute % fleetDay.slots, { ts: nowMs, seq: minute + 1 });
      publishers[station % CONNECTIONS].send(message.topic, message.payload);
    }
    await Promise.all(publishers.map((publisher) => publisher.flush()));
    latestMs = Math.max(latestMs, Date.now() - nowMs);
    if (nowMs >= nextSecondMs) {
      nextSecondMs += 1000;
      onSecond();
    }
    await delay(TICK_MS);
  }
  await Promise.all(publishers.map((publisher) => publisher.end()));
  return { messages: total, messagesPerS: perSecond(total, Date.now() - fromMs), slowestTickMs: latestMs };
}

/** Lags of every row, ms, from what the database remembers of its commits. */
async function lagsOf(store, fromMs) {
  const { sql } = await loadLibraries();
  const [found] = await store.database.query(
    sql`select current_setting('track_commit_timestamp') = 'on' as is_on`,
  );
  if (!found.is_on) return null;
  const [lags] = await store.database.query(sql`
    with lag as (
      select (extract(epoch from pg_xact_commit_timestamp(xmin) - measured_at) * 1000)::float8 as ms,
        (extract(epoch from measured_at) * 1000)::float8 - ${fromMs}::float8 as since_ms
      from reading)
    select percentile_cont(0.5) within group (order by ms) as p50, percentile_cont(0.9) within group (order by ms) as p90,
      percentile_cont(0.99) within group (order by ms) as p99, percentile_cont(0.999) within group (order by ms) as p999,
      max(ms) as max
    from lag`);
  return Object.fromEntries(Object.entries(lags).map(([name, value]) => [`${name}Ms`, Math.round(value)]));
}

export async function p3({ server, minutes, profileFolder }) {
  const { freePort } = await loadLibraries();
  const store = await createDatabase(server);
  const broker = await startBroker({ freePort });
  const contender = sunledger({ profileFolder });
  let running;
  try {
    say(`P3: ${NATION.stations} stations`);
    await createRegistry(store.database, NATION);
    const fleetDay = new FleetDay(NATION, 0, { slots: 12 });
    running = contender.start({ broker, url: store.url });
    await running.connected;
    await delay(3000);
    const depths = [];
    const fromMs = Date.now();
    const sending = await sendNation(broker, {
      fleetDay,
      minutes,
      onSecond: () => depths.push(broker.depth()),
    });
    const expected = sending.messages * 2;
    let rows = 0;
    await until('the last rows', async () => (rows = await store.count()) >= expected, {
      everyMs: 500,
      timeoutMs: SETTLE_MS,
    }).catch(() => undefined);
    await running.stop();
    const lags = await lagsOf(store, fromMs);
    const depth = depths.toSorted((a, b) => a - b);
    return {
      figure: lags?.p99Ms ?? null,
      unit: `ms p99, measured → committed, at ${sending.messagesPerS} messages/s`,
      limit: GOAL_P99_MS,
      ratio: lags === null ? null : round(lags.p99Ms / GOAL_P99_MS),
      goal: '< 5 s',
      isMet: lags !== null && lags.p99Ms < GOAL_P99_MS && rows >= expected,
      minutes,
      ...sending,
      readings: rows,
      missing: expected - rows,
      lags,
      brokerDepth: { p50: at(depth, 0.5), p99: at(depth, 0.99), max: depth.at(-1), last: depths.at(-1) },
    };
  } finally {
    await running?.kill();
    await broker.stop();
    await store.drop();
  }
}
