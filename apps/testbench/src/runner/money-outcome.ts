import { sql, type Database } from '#persistence';
import type { MoneyDesk, Refusal } from './money-desk.ts';
import type { ScenarioTruth, SettledExpectation } from './money-file.ts';

/** What a scenario settled, as it is printed; fen and Wh as text. */
export interface SettledOutcome {
  balances: Record<string, string>;
  statements: StatementOutcome[];
  runs: Record<string, { state: string; totalFen: string; villages: Record<string, string> }>;
  refusals: Refusal[];
  entries: number;
  /** `whole`, or the first entry of the chain that is not as it was written. */
  chain: string;
  /** Truth, stored and settled energy of the months that the file knows or that were settled; null is unknown. */
  months: MonthOutcome[];
}

interface StatementOutcome {
  station: string;
  month: string;
  component: string;
  version: number;
  energyWh: string | null;
  amountFen: string;
  receivedFen: string;
}

interface MonthOutcome {
  station: string;
  month: string;
  truthWh: string | null;
  storedWh: string | null;
  settledWh: string | null;
  settledFen: string | null;
}

export async function readSettled(
  database: Database,
  desk: MoneyDesk,
  truth: ScenarioTruth,
): Promise<SettledOutcome> {
  const balances = await desk.ledger.balances();
  const chain = await desk.ledger.verifyChain();
  const statements = await readStatements(database);
  const [head] = await database.query<{ entries: bigint }>(sql`
    select h.sequence as entries from ledger_head h where h.id = 1`);
  return {
    balances: Object.fromEntries(balances.map(({ code, balanceFen }) => [code, String(balanceFen)])),
    statements,
    runs: await readRuns(database, desk.runs),
    refusals: desk.refusals,
    entries: Number(head?.entries ?? 0n),
    chain: chain.state === 'whole' ? 'whole' : `${chain.fault} at ${chain.sequence}`,
    months: await readMonths(database, truth, statements),
  };
}

async function readStatements(database: Database): Promise<StatementOutcome[]> {
  const rows = await database.query<
    Pick<StatementOutcome, 'station' | 'month' | 'component' | 'version'> & {
      energyWh: bigint | null;
      amountFen: bigint;
      receivedFen: bigint;
    }
  >(sql`
    select st.code as station, s.month, s.component, s.version, s.energy_wh as "energyWh", s.amount_fen as "amountFen",
      (select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.statement_id = s.id)::bigint as "receivedFen"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    order by st.code, s.month, s.component`);
  return rows.map((row) => ({
    ...row,
    energyWh: row.energyWh === null ? null : String(row.energyWh),
    amountFen: String(row.amountFen),
    receivedFen: String(row.receivedFen),
  }));
}

async function readRuns(
  database: Database,
  ids: ReadonlyMap<string, number>,
): Promise<SettledOutcome['runs']> {
  const rows = await database.query<{
    id: number;
    state: string;
    totalFen: bigint;
    village: string;
    amountFen: bigint;
  }>(sql`
    select r.id, r.state, r.total_fen as "totalFen", v.village_code as village, v.amount_fen as "amountFen"
    from allocation_run r
    join allocation_village v on v.run_id = r.id
    order by r.id, v.village_code`);
  const keys = new Map([...ids].map(([key, id]) => [id, key]));
  const runs: SettledOutcome['runs'] = {};
  for (const { id, state, totalFen, village, amountFen } of rows) {
    const run = (runs[keys.get(id) ?? String(id)] ??= { state, totalFen: String(totalFen), villages: {} });
    run.villages[village] = String(amountFen);
  }
  return runs;
}

/** A month is stored where all of its days are; a part of it would be shown as a poor month. */
async function readMonths(
  database: Database,
  truth: ScenarioTruth,
  statements: readonly StatementOutcome[],
): Promise<MonthOutcome[]> {
  const stored = await database.query<{ station: string; month: string; energyWh: bigint }>(sql`
    select s.code as station, to_char(d.day, 'YYYY-MM') as month, sum(d.energy_wh)::bigint as "energyWh"
    from station_day d
    join station s on s.id = d.station_id
    group by s.code, to_char(d.day, 'YYYY-MM')`);
  const keyOf = ({ station, month }: { station: string; month: string }) => `${station}/${month}`;
  const keys = new Map([...truth, ...statements].map((each) => [keyOf(each), each]));
  return [...keys]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { station, month }]) => {
      const own = statements.filter((each) => keyOf(each) === key);
      const truthWh = truth.find((each) => keyOf(each) === key)?.wh;
      const storedWh = stored.find((each) => keyOf(each) === key)?.energyWh;
      return {
        station,
        month,
        truthWh: truthWh === undefined ? null : String(truthWh),
        storedWh: storedWh === undefined ? null : String(storedWh),
        settledWh: own.find(({ component }) => component === 'base')?.energyWh ?? null,
        settledFen:
          own.length === 0 ? null : String(own.reduce((sum, { amountFen }) => sum + BigInt(amountFen), 0n)),
      };
    });
}

/** Everything that was settled otherwise than expected, each in one sentence. */
export function settledMismatches(expect: SettledExpectation, settled: SettledOutcome): string[] {
  const found: string[] = [];
  const same = (what: string, wanted: string | number, is: string | number | undefined) => {
    if (String(wanted) !== String(is ?? 'nothing'))
      found.push(`${what}: expected ${wanted}, found ${is ?? 'nothing'}`);
  };
  for (const { account, fen } of expect.balances)
    same(`balance of ${account} in fen`, fen, settled.balances[account] ?? '0');
  for (const { station, month, component, fen, version } of expect.statements) {
    const own = settled.statements.find(
      (each) => each.station === station && each.month === month && each.component === component,
    );
    const what = `statement of ${station} ${month} ${component}`;
    same(`${what} in fen`, fen ?? 'nothing', own?.amountFen);
    if (version !== undefined) same(`${what}, version`, version, own?.version);
  }
  for (const { key, state, villages } of expect.runs) {
    const run = settled.runs[key];
    if (state !== undefined) same(`state of run ${key}`, state, run?.state);
    for (const [village, fen] of Object.entries(villages ?? {}))
      same(`run ${key}, village ${village} in fen`, fen, run?.villages[village]);
  }
  for (const { code, count } of expect.refusals)
    same(`refusals as ${code}`, count, settled.refusals.filter((refusal) => refusal.code === code).length);
  if (expect.entries !== undefined) same('entries of the ledger', expect.entries, settled.entries);
  same('chain of the ledger', 'whole', settled.chain);
  return found;
}
