// Stations with accounts, prices, villages and a metered month, by SQL; and the office that closes the month.
import { loadLibraries } from './libraries.mjs';

/** Of the nation: 83,000 village stations in 1,472 counties serve 92,000 villages. */
const STATIONS_A_COUNTY = 56;
/** Every so many stations serve a second village. */
const SECOND_VILLAGE_EVERY = 9;
const BASE_HAO = 3320n;
const SUBSIDY_HAO = 5180n;
/** Month that is closed where nothing else is asked for. */
export const MONTH = '2026-10';

const maker = { accountId: 'bench-clerk', name: '测试经办' };
const checker = { accountId: 'bench-checker', name: '测试复核' };

/** The month `count` later; below zero before it. */
export function monthPlus(month, count) {
  const [year, number] = month.split('-').map(Number);
  const months = year * 12 + number - 1 + count;
  return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}`;
}

/**
 * Registry of so many stations with the metered days of so many months up to {@link MONTH}.
 * @returns counties by code, with the station numbers of each
 */
export async function createStations(database, stations, { months = 1 } = {}) {
  const { monthRange, sql } = await loadLibraries();
  const days = { from: `${monthPlus(MONTH, 1 - months)}-01`, to: monthRange(MONTH).to };
  const counties = Math.ceil(stations / STATIONS_A_COUNTY);
  const code = sql`lpad((110000 + (n - 1) / ${STATIONS_A_COUNTY})::text, 6, '0')`;
  await database.transaction(async (transaction) => {
    await transaction.query(sql`
      insert into county select lpad((110000 + c)::text, 6, '0'), '县' || c, 111, 38
      from generate_series(0, ${counties - 1}::int) c`);
    await transaction.query(sql`insert into township select code || '001', code, name || '镇' from county`);
    await transaction.query(sql`
      insert into station (id, code, name, kind, township_code, longitude, latitude, capacity_w, rated_ac_w, tilt_deg,
        azimuth_deg, commissioned_on, subsidy_class, simulated)
      overriding system value
      select n, 'ST' || lpad(n::text, 6, '0'), '电站' || n, 'single', ${code} || '001', 111, 38, 300000, 260000, 33, 180,
        '2018-12-20', 'national', true
      from generate_series(1, ${stations}::int) n`);
    await transaction.query(sql`
      insert into grid_account (account_no, station_id, account_name)
      select lpad(id::text, 13, '0'), id, name from station`);
    await transaction.query(sql`
      insert into village (code, township_code, name, households, posts, simulated)
      select 'V' || lpad(n::text, 6, '0') || v, ${code} || '001', '村' || n || v, 50, 20, true
      from generate_series(1, ${stations}::int) n
      cross join generate_series(1, 2) v
      where v = 1 or n % ${SECOND_VILLAGE_EVERY}::int = 0`);
    await transaction.query(sql`
      insert into revenue_share (station_id, village_code, numerator, denominator, basis, effective_from)
      select n, 'V' || lpad(n::text, 6, '0') || v, case when n % ${SECOND_VILLAGE_EVERY}::int <> 0 then 7 when v = 1 then 4
        else 3 end, 7, 'capacity', '2018-12-20'
      from generate_series(1, ${stations}::int) n
      cross join generate_series(1, 2) v
      where v = 1 or n % ${SECOND_VILLAGE_EVERY}::int = 0`);
    await transaction.query(sql`
      insert into tariff (station_id, component, price_hao_per_kwh, effective_from)
      select s.id, t.component, t.price, '2018-12-20'
      from station s
      cross join (values ('base', ${BASE_HAO}::int), ('subsidy', ${SUBSIDY_HAO}::int)) as t (component, price)`);
    await transaction.query(sql`
      insert into station_day (station_id, day, energy_wh, method, quality, computed_at)
      select s.id, d::date, ${dayWhSql(sql)}, 'meter_counter', 'measured', now()
      from station s
      cross join generate_series(${days.from}::date, ${days.to}::date - 1, interval '1 day') d
      order by s.id, d`);
  });
  // Only what was filled: an empty table that was analysed is planned as if it stayed empty.
  await database.query(
    sql`vacuum analyze county, township, station, grid_account, village, revenue_share, tariff, station_day`,
  );
  return Array.from({ length: counties }, (_, county) => ({
    code: String(110_000 + county),
    stations: Array.from(
      { length: Math.min(STATIONS_A_COUNTY, stations - county * STATIONS_A_COUNTY) },
      (_, index) => county * STATIONS_A_COUNTY + index + 1,
    ),
  }));
}

/** The same every day; another one at every station. */
const dayWhSql = (sql) => sql`(600000 + s.id * 7919 % 400000)`;
const monthWh = (station, days) => BigInt(600_000 + ((station * 7919) % 400_000)) * BigInt(days);

const yuan = (fen) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;
const kwh = (wh) => `${wh / 1000n}.${String(wh % 1000n).padStart(3, '0')}`;

/** File of a county's statements and what the bank pays for them. */
async function papersOf({ code, stations }, month) {
  const { daysBetween, energyValueFen, monthRange } = await loadLibraries();
  const range = monthRange(month);
  const days = daysBetween(range.from, range.to).length;
  const sums = { base: 0n, subsidy: 0n };
  const lines = stations.map((station) => {
    const energyWh = monthWh(station, days);
    const base = energyValueFen({ energyWh, priceHaoPerKwh: BASE_HAO });
    const subsidy = energyValueFen({ energyWh, priceHaoPerKwh: SUBSIDY_HAO });
    sums.base += base;
    sums.subsidy += subsidy;
    const energy = kwh(energyWh);
    return [String(station).padStart(13, '0'), month, energy, yuan(base), energy, yuan(subsidy)].join(',');
  });
  const heading = '户号,结算年月,上网电量,上网电费,补贴电量,补贴金额';
  return {
    file: {
      fileName: `${code}-${month}.csv`,
      source: null,
      bytes: Buffer.from([heading, ...lines].join('\n')),
    },
    bank: Object.entries(sums).map(([component, fen]) => ({
      component,
      line: {
        county: code,
        bankAccount: `A-${code}`,
        bankReference: `${month}-${component}`,
        bookedOn: `${monthPlus(month, 1)}-05`,
        amountFen: String(fen),
        payer: null,
        purpose: null,
      },
    })),
  };
}

/** A confirmed policy from a month on. */
export async function enterPolicy(database, month) {
  const library = await loadLibraries();
  await new library.SettlementPolicyService(database, new library.Clock()).enter(
    {
      areaCode: library.NATION,
      documentNumber: 'bench',
      minimumPercent: '60',
      allowedUses: ['posts'],
      costs: [{ kind: 'rate', line: 'operation', percent: '2.9', capFen: null, reducesDenominator: true }],
      amountToleranceFen: '1',
      energyWarnPercent: '3',
      energyAlarmPercent: '8',
      noticeDays: 7,
      lookBackMonths: 12,
      transferWorkingDays: 10,
      isConfirmed: true,
      effectiveFrom: `${month}-01`,
    },
    checker,
  );
}

/** The services of an office on a day after a month, with an open period. */
export async function openOffice(database, month = MONTH) {
  const library = await loadLibraries();
  const period = monthPlus(month, 1);
  const clock = new library.Clock({ startAt: new Date(`${period}-10T10:00:00+08:00`), speed: 1 });
  const ledger = new library.LedgerService(database, clock);
  await ledger.openPeriod(period, checker);
  const matching = new library.MatchingService(database, clock);
  return {
    month,
    period,
    ledger,
    statements: new library.StatementService(database, clock, ledger),
    receipts: new library.ReceiptService(database, clock, ledger),
    matching,
    allocations: new library.AllocationService(database, clock, ledger, matching),
    transfers: new library.TransferService(database, clock, ledger),
    board: new library.BoardService(database, clock, ledger, matching),
    lineage: new library.LineageService(database),
    lists: new library.StatementListService(database),
    close: () => ledger.setPeriodState({ month: period, to: 'closed', reason: 'bench' }, checker),
  };
}

/** Preview and confirmation of each step, as two people do them on the pages. @returns ms by step */
export async function closeCounty(office, county) {
  const took = {};
  const step = async (name, work) => {
    const from = performance.now();
    const result = await work();
    took[name] = (took[name] ?? 0) + performance.now() - from;
    return result;
  };
  const { file, bank } = await papersOf(county, office.month);
  await step('statements', async () => {
    const { previewHash, refusedRowCount } = await office.statements.preview(file, maker);
    if (refusedRowCount > 0) throw new Error(`${county.code}: rows were refused`);
    await office.statements.import({ ...file, confirm: previewHash, skipRefused: false }, maker);
  });
  await step('match', async () => {
    const { counts } = await office.matching.list({ county: county.code, month: office.month });
    if (counts.matched !== county.stations.length)
      throw new Error(`${county.code}: ${JSON.stringify(counts)}`);
  });
  await step('receipts', async () => {
    const entered = await office.receipts.enter(
      bank.map(({ line }) => line),
      maker,
    );
    for (const [index, { component }] of bank.entries()) {
      const id = BigInt(entered[index].id);
      const { matchHash } = await office.receipts.match(id, { component, pinned: [] }, maker);
      await office.receipts.match(id, { component, pinned: [], confirm: matchHash }, maker);
    }
  });
  await step('run', async () => {
    const proposal = { county: county.code, actionKey: crypto.randomUUID() };
    const { runHash } = await office.allocations.propose(proposal, maker);
    const run = await office.allocations.propose({ ...proposal, confirm: runHash }, maker);
    await office.allocations.approve(run.id, runHash, checker);
  });
  return took;
}

/** Passes on what a county was given, to the accounts of its villages. */
export async function transferCounty(office, county) {
  const proposal = { county: county.code, actionKey: crypto.randomUUID() };
  const { batchHash } = await office.transfers.prepare(proposal, maker);
  const { items } = await office.transfers.prepare({ ...proposal, confirm: batchHash }, maker);
  await office.transfers.confirm(
    {
      transferredOn: `${office.period}-10`,
      items: items.map(({ id }) => ({ id, bankReference: `T-${id}` })),
    },
    checker,
  );
}
