// close: a month from the statements through match and receipts to approved runs, for the city, the nation, and three
// sizes whose ratio says whether time grows with the stations and no faster.
import { createDatabase } from '../support/database.mjs';
import { round, say, timed } from '../support/figures.mjs';
import { closeCounty, createStations, enterPolicy, MONTH, monthPlus, openOffice } from '../support/money.mjs';

const CITY = 468;
const SIZES = [5_000, 10_000, 20_000];
const NATION = 83_000;
const GOAL_CITY_MS = 10_000;
const GOAL_NATION_MS = 300_000;
/** Time a station of the largest of three sizes over that of the smallest: 1 is linear, the rest is noise. */
const GOAL_LINEAR = 1.3;
/** Counties at a time: two clerks. */
const OFFICES = 2;

/** One month of so many stations, by two clerks. */
export async function closeMonth(server, stations) {
  const store = await createDatabase(server);
  try {
    const counties = await createStations(store.database, stations);
    await enterPolicy(store.database, monthPlus(MONTH, 1));
    const office = await openOffice(store.database);
    const queue = counties.values();
    const took = {};
    const work = async () => {
      for (const county of queue)
        for (const [step, ms] of Object.entries(await closeCounty(office, county)))
          took[step] = (took[step] ?? 0) + ms;
    };
    const pids = { office: process.pid, database: store.serverPid };
    const { ms, cpuS } = await timed(pids, () => Promise.all(Array.from({ length: OFFICES }, work)));
    const chain = await office.ledger.verifyChain();
    if (chain.state !== 'whole') throw new Error(`the ledger is not whole: ${JSON.stringify(chain)}`);
    const steps = Object.fromEntries(Object.entries(took).map(([step, each]) => [step, Math.round(each)]));
    say(
      `close ${stations} stations, ${counties.length} counties: ${ms} ms ${JSON.stringify(steps)} ${JSON.stringify(cpuS)}`,
    );
    return { stations, counties: counties.length, ms, msAStation: round(ms / stations, 3), steps, cpuS };
  } finally {
    await store.drop();
  }
}

export async function close({ server, withOthers }) {
  const city = await closeMonth(server, CITY);
  const sizes = [];
  for (const stations of SIZES) sizes.push(await closeMonth(server, stations));
  const linear = round(sizes.at(-1).msAStation / sizes[0].msAStation);
  // Left out with --alone: it takes minutes.
  const nation = withOthers ? await closeMonth(server, NATION) : null;
  return {
    figure: city.ms,
    limit: GOAL_CITY_MS,
    ratio: round(city.ms / GOAL_CITY_MS),
    goal: `city < ${GOAL_CITY_MS / 1000} s, nation < ${GOAL_NATION_MS / 1000} s, linear ≤ ${GOAL_LINEAR}`,
    isMet: city.ms < GOAL_CITY_MS && linear <= GOAL_LINEAR && (nation === null || nation.ms < GOAL_NATION_MS),
    unit: 'ms, a month of 468 stations',
    linear,
    city,
    sizes,
    nation,
  };
}
