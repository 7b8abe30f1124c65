// years: the settlement pages on five closed years of the city: what one request of each page asks of the services.
import { createDatabase } from '../support/database.mjs';
import { at, round, say } from '../support/figures.mjs';
import {
  closeCounty,
  createStations,
  enterPolicy,
  MONTH,
  monthPlus,
  openOffice,
  transferCounty,
} from '../support/money.mjs';

const CITY = 468;
const MONTHS = 60;
const ASKED = 200;
const GOAL_MS = 300;

/** Sixty months through the services, each closed once the next one has begun. */
async function fill(database, months) {
  const counties = await createStations(database, CITY, { months });
  const first = monthPlus(MONTH, 1 - months);
  await enterPolicy(database, monthPlus(first, 1));
  let office = null;
  for (let index = 0; index < months; index += 1) {
    const before = office;
    office = await openOffice(database, monthPlus(first, index));
    for (const county of counties) {
      await closeCounty(office, county);
      await transferCounty(office, county);
    }
    if (before !== null) await before.close();
  }
  return { counties, office, first };
}

/** Sorted ms of so many questions, each about another month, county or village. */
async function asked(name, question) {
  const took = [];
  for (let index = 0; index < ASKED; index += 1) {
    const from = performance.now();
    await question(index);
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  const figures = { p50: round(at(took, 0.5), 1), p99: round(at(took, 0.99), 1) };
  say(`years ${name}: ${JSON.stringify(figures)}`);
  return figures;
}

export async function years({ server, months = MONTHS }) {
  const store = await createDatabase(server);
  try {
    const startedAt = performance.now();
    const { counties, office, first } = await fill(store.database, months);
    const filledS = Math.round((performance.now() - startedAt) / 1000);
    say(`years: ${months} months closed in ${filledS} s`);
    const monthOf = (index) => monthPlus(first, (index * 7) % months);
    const countyOf = (index) => counties[index % counties.length].code;
    const { items: runs } = await office.allocations.list({ county: countyOf(0), page: 1, pageSize: 100 });
    const opened = await office.allocations.run(runs.at(-1).id);
    const villageOf = (index) => opened.villages[index % opened.villages.length].villageCode;
    const pages = {
      board: await asked('board', (index) => office.board.board({ month: monthOf(index) })),
      match: await asked('match', (index) =>
        office.matching.list({ county: countyOf(index), month: monthOf(index) }),
      ),
      statements: await asked('statements', (index) =>
        office.lists.list({ county: countyOf(index), page: 1, pageSize: 50 }),
      ),
      receipts: await asked('receipts', (index) =>
        office.receipts.list({ county: countyOf(index), page: 1, pageSize: 50 }),
      ),
      runs: await asked('runs', (index) =>
        office.allocations.list({ county: countyOf(index), page: 1, pageSize: 50 }),
      ),
      run: await asked('run', () => office.allocations.run(opened.id)),
      lineage: await asked('lineage', (index) => office.lineage.village(opened.id, villageOf(index))),
      transfers: await asked('transfers', (index) =>
        office.transfers.list({ county: countyOf(index), page: 1, pageSize: 50 }),
      ),
      balances: await asked('balances', () => office.ledger.balances()),
    };
    const figure = Math.max(...Object.values(pages).map(({ p99 }) => p99));
    return {
      figure,
      limit: GOAL_MS,
      ratio: round(figure / GOAL_MS),
      goal: `p99 < ${GOAL_MS} ms`,
      isMet: figure < GOAL_MS,
      unit: `ms, slowest page of ${months} closed months`,
      filledS,
      pages,
    };
  } finally {
    await store.drop();
  }
}
