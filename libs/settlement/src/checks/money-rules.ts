import {
  checkDoubleRent,
  checkInvoice,
  checkLoan,
  checkReceivable,
  checkRest,
  checkStatementMissing,
  monthLater,
  monthRange,
  type SubsidyClass,
} from '#domain';
import { sql, type Queryable } from '#persistence';
import { grouped, row, seen, type SeenFinding } from './seen.ts';

/** Months that are looked through for a statement that is missing. */
const MISSING_MONTHS = 24;

interface OpenRow {
  stationCode: string;
  stationName: string;
  countyCode: string;
  subsidyClass: SubsidyClass;
  month: string;
  component: string;
  accountNo: string;
  openFen: bigint;
}

/** Statements in force of which money is open, by station and month. */
async function openStatements(database: Queryable): Promise<OpenRow[]> {
  return database.query<OpenRow>(sql`
    select st.code as "stationCode", st.name as "stationName", t.county_code as "countyCode",
      st.subsidy_class as "subsidyClass", s.month, s.component, s.account_no as "accountNo",
      (s.amount_fen - coalesce(m.received_fen, 0))::bigint as "openFen"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    left join (
      select statement_id, sum(amount_fen) as received_fen
      from receipt_match
      group by statement_id
    ) m on m.statement_id = s.id
    where s.amount_fen > coalesce(m.received_fen, 0)
    order by st.code, s.month, s.component, s.account_no`);
}

const openRow = ({ stationCode, stationName, month, component, accountNo, openFen }: OpenRow) =>
  row({ stationCode, stationName, month, component, reference: accountNo, amountFen: String(openFen) });
const sumOpen = (rows: readonly OpenRow[]) => rows.reduce((sum, { openFen }) => sum + openFen, 0n);

/** A3 at the grid (base stream) and A11 (subsidy stream): money that was stated and does not come. */
export async function receivableRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const thisMonth = today.slice(0, 7);
  const byStation = grouped(await openStatements(database), ({ stationCode }) => stationCode);
  return [...byStation.values()].flatMap((rows) => {
    const base = rows.filter(({ component }) => component === 'base');
    const oldSubsidy = rows.filter(
      ({ component, month }) => component === 'subsidy' && month < monthLater(thisMonth, -12),
    );
    return [...restAtGrid(base, today), ...overdueSubsidy(oldSubsidy, thisMonth)];
  });
}

function restAtGrid(rows: readonly OpenRow[], today: string): SeenFinding[] {
  const [oldest] = rows;
  if (!oldest) return [];
  const sinceDay = monthRange(oldest.month).to;
  const rest = { subject: oldest.stationCode, hop: 'grid' as const, amountFen: sumOpen(rows), sinceDay };
  return seen(checkRest(rest, today), {
    subjectKind: 'station',
    countyCode: oldest.countyCode,
    rows: rows.map(openRow),
  });
}

function overdueSubsidy(rows: readonly OpenRow[], thisMonth: string): SeenFinding[] {
  const [oldest] = rows;
  if (!oldest) return [];
  const { stationCode, month, subsidyClass } = oldest;
  const findings = checkReceivable(
    {
      stationCode,
      month,
      openFen: sumOpen(rows),
      registeredClass: subsidyClass,
      // Whether the class is right is asked for every station, not only for those with open money.
      catalogueClass: subsidyClass,
    },
    thisMonth,
  );
  return seen(findings, {
    subjectKind: 'station',
    countyCode: oldest.countyCode,
    rows: rows.map(openRow),
  });
}

/**
 * A11: a class that the catalogue does not bear out. The registry keeps whether a station is in the catalogue, not the class
 * there: a national station has to be in it, one without subsidy must not; one "in reference" may be either.
 */
export async function classRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const rows = await database.query<{
    stationCode: string;
    countyCode: string;
    registeredClass: SubsidyClass;
    projects: string[];
  }>(sql`
    select s.code as "stationCode", t.county_code as "countyCode", s.subsidy_class as "registeredClass",
      array(select p.code from catalogue_project p where p.station_id = s.id order by p.code) as projects
    from station s
    join township t on t.code = s.township_code
    order by s.code`);
  return rows.flatMap(({ stationCode, countyCode, registeredClass, projects }) => {
    const catalogueClass = classInCatalogue(registeredClass, { isListed: projects.length > 0 });
    const receivable = {
      stationCode,
      month: today.slice(0, 7),
      openFen: 0n,
      registeredClass,
      catalogueClass,
    };
    return seen(checkReceivable(receivable, today.slice(0, 7)), {
      subjectKind: 'station',
      countyCode,
      rows: projects.map((reference) => row({ stationCode, reference })),
    });
  });
}

function classInCatalogue(registered: SubsidyClass, { isListed }: { isListed: boolean }): SubsidyClass {
  if (registered === 'local') return 'local';
  return isListed ? 'national' : 'none';
}

interface RestingLine {
  id: bigint;
  countyCode: string;
  bankReference: string;
  bookedOn: string;
  amountFen: bigint;
  unmatchedFen: bigint;
  heldFen: bigint;
}

/** A3 at the agency: money on the account that no approved run gave to villages. */
export async function agencyRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const lines = await database.query<RestingLine>(sql`
    with matched as (
      select m.bank_line_id, sum(m.amount_fen) as matched_fen
      from receipt_match m
      group by m.bank_line_id
    ),
    given as (
      select m.bank_line_id, sum(a.amount_fen) as given_fen
      from allocation_source a
      join allocation_run r on r.id = a.run_id
      join receipt_match m on m.id = a.match_id
      where r.state = 'approved' and not a.is_released
      group by m.bank_line_id
    )
    select b.id, b.county_code as "countyCode", b.bank_reference as "bankReference", b.booked_on as "bookedOn",
      (b.amount_fen - coalesce(g.given_fen, 0))::bigint as "amountFen",
      (b.amount_fen - coalesce(m.matched_fen, 0))::bigint as "unmatchedFen",
      (coalesce(m.matched_fen, 0) - coalesce(g.given_fen, 0))::bigint as "heldFen"
    from bank_line b
    left join matched m on m.bank_line_id = b.id
    left join given g on g.bank_line_id = b.id
    where b.amount_fen > coalesce(g.given_fen, 0)
    order by b.booked_on, b.id`);
  return lines.flatMap((line) => {
    const { bookedOn, bankReference: reference, amountFen, unmatchedFen, heldFen } = line;
    const rest = { subject: String(line.id), hop: 'agency' as const, amountFen, sinceDay: bookedOn };
    const parts = [
      { note: 'unmatched', partFen: unmatchedFen },
      { note: 'not_given_out', partFen: heldFen },
    ];
    return seen(checkRest(rest, today), {
      subjectKind: 'bank_line',
      countyCode: line.countyCode,
      rows: parts
        .filter(({ partFen }) => partFen > 0n)
        .map(({ note, partFen }) => row({ day: bookedOn, reference, amountFen: String(partFen), note })),
    });
  });
}

/** A3 at the agency: what an approved run gave to villages and the bank has not sent them, by run. */
export async function transferRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const rows = await database.query<{
    runId: number;
    countyCode: string;
    month: string;
    villageCode: string;
    amountFen: bigint;
    approvedOn: string;
    transferState: string | null;
  }>(sql`
    select m.run_id as "runId", m.county_code as "countyCode", m.month, m.village_code as "villageCode",
      m.amount_fen as "amountFen", (m.approved_at at time zone 'Asia/Shanghai')::date as "approvedOn",
      m.transfer_state as "transferState"
    from village_money m
    where m.run_id is not null and m.amount_fen > 0 and m.transfer_state is distinct from 'confirmed'
    order by m.run_id, m.village_code`);
  return [...grouped(rows, ({ runId }) => String(runId)).values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const amountFen = group.reduce((sum, each) => sum + each.amountFen, 0n);
    const subject = String(first.runId);
    return seen(checkRest({ subject, hop: 'agency', amountFen, sinceDay: first.approvedOn }, today), {
      subjectKind: 'run',
      countyCode: first.countyCode,
      part: 'transfer',
      rows: group.map(({ villageCode, month, amountFen: partFen, transferState, runId }) =>
        row({
          villageCode,
          month,
          reference: `run:${runId}`,
          amountFen: String(partFen),
          note: transferState === 'prepared' ? 'transfer_prepared' : 'not_transferred',
        }),
      ),
    });
  });
}

/** A12: statements without an invoice, by station. */
export async function invoiceRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const rows = await database.query<{
    stationCode: string;
    stationName: string;
    countyCode: string;
    month: string;
    accountNo: string;
    settledOn: string;
    amountFen: bigint;
  }>(sql`
    select st.code as "stationCode", st.name as "stationName", t.county_code as "countyCode", s.month,
      s.account_no as "accountNo",
      max(coalesce(s.read_to, ((s.month || '-01')::date + interval '1 month' - interval '1 day')::date)) as "settledOn",
      sum(s.amount_fen)::bigint as "amountFen"
    from grid_statement_in_force s
    join station st on st.id = s.station_id
    join township t on t.code = st.township_code
    where s.invoice_no is null
    group by st.code, st.name, t.county_code, s.month, s.account_no
    order by st.code, s.month, s.account_no`);
  return [...grouped(rows, ({ stationCode }) => stationCode).values()].flatMap((group) => {
    const [oldest] = group;
    if (!oldest) return [];
    const { stationCode, month, settledOn, countyCode } = oldest;
    const late = group.filter((each) => checkInvoice({ ...each, invoiceNumber: null }, today).length > 0);
    return seen(checkInvoice({ stationCode, month, settledOn, invoiceNumber: null }, today), {
      subjectKind: 'station',
      countyCode,
      rows: late.map((each) =>
        row({
          stationCode,
          stationName: each.stationName,
          month: each.month,
          day: each.settledOn,
          reference: each.accountNo,
          amountFen: String(each.amountFen),
        }),
      ),
    });
  });
}

/** A12: months without a statement of stations that had one before. */
export async function missingStatementRules(database: Queryable, today: string): Promise<SeenFinding[]> {
  const last = monthLater(today.slice(0, 7), -1);
  const first = monthLater(last, 1 - MISSING_MONTHS);
  const rows = await database.query<{ stationCode: string; countyCode: string; month: string }>(sql`
    with month as (
      select to_char(m, 'YYYY-MM') as month
      from generate_series(${`${first}-01`}::date, ${`${last}-01`}::date, interval '1 month') m
    ),
    begun as (
      select s.station_id, min(s.month) as month
      from grid_statement_in_force s
      group by s.station_id
    )
    select st.code as "stationCode", t.county_code as "countyCode", m.month
    from begun b
    join station st on st.id = b.station_id
    join township t on t.code = st.township_code
    join month m on m.month > b.month
    where not exists (
      select 1 from grid_statement_in_force s where s.station_id = b.station_id and s.month = m.month
    )
    order by st.code, m.month`);
  return rows.flatMap(({ stationCode, countyCode, month }) => {
    const monthEndsOn = monthRange(month).to;
    return seen(checkStatementMissing({ stationCode, month, monthEndsOn }, today), {
      subjectKind: 'station',
      countyCode,
      part: month,
      rows: [row({ stationCode, month })],
    });
  });
}

/** A7: the same rent kept back for a village by two approved runs of one month. */
export async function rentRules(database: Queryable): Promise<SeenFinding[]> {
  const rows = await database.query<{
    villageCode: string;
    countyCode: string;
    month: string;
    runId: number;
    amountFen: bigint;
  }>(sql`
    select c.village_code as "villageCode", r.county_code as "countyCode", r.month, r.id as "runId",
      c.taken_fen as "amountFen"
    from allocation_cost c
    join allocation_run r on r.id = c.run_id
    where r.state = 'approved' and c.line = 'rent' and c.taken_fen > 0
    order by c.village_code, r.month, r.id`);
  const groups = grouped(rows, ({ villageCode, month }) => `${villageCode} ${month}`);
  return [...groups.values()].flatMap((group) => {
    const payments = group.map(({ villageCode, month, runId, amountFen }) => ({
      paymentRef: String(runId).padStart(10, '0'),
      contractNumber: villageCode,
      ...monthRange(month),
      amountFen,
    }));
    return checkDoubleRent(payments).flatMap((finding) => {
      const { first, second } = finding.evidence;
      const runs = [first, second].map((ref) => String(Number(ref)));
      const [named] = group;
      return seen(
        [{ ...finding, evidence: { ...finding.evidence, first: runs[0] ?? null, second: runs[1] ?? null } }],
        {
          subjectKind: 'village',
          countyCode: named?.countyCode ?? null,
          part: `${named?.month ?? ''}:${runs.join('+')}`,
          rows: group.map(({ villageCode, month, runId, amountFen }) =>
            row({ villageCode, month, reference: `run:${runId}`, amountFen: String(amountFen) }),
          ),
        },
      );
    });
  });
}

/** A10: entries of the ledger whose words are of a loan; those that were taken back are not asked about. */
export async function loanRules(database: Queryable): Promise<SeenFinding[]> {
  const rows = await database.query<{
    sequence: bigint;
    description: string;
    effectiveDay: string;
    countyCode: string | null;
    commissionedOn: string | null;
    amountFen: bigint;
  }>(sql`
    with place as (
      select s.code as owner_code, t.county_code, s.commissioned_on
      from station s
      join township t on t.code = s.township_code
      union all
      select h.village_code, t.county_code, min(s.commissioned_on)
      from revenue_share h
      join station s on s.id = h.station_id
      join village v on v.code = h.village_code
      join township t on t.code = v.township_code
      group by h.village_code, t.county_code
      union all
      select t.county_code, t.county_code, min(s.commissioned_on)
      from station s
      join township t on t.code = s.township_code
      group by t.county_code
    )
    select e.sequence, e.description, e.effective_day as "effectiveDay", min(p.county_code) as "countyCode",
      min(p.commissioned_on) as "commissionedOn",
      sum(abs(g.amount_fen)) filter (where g.amount_fen > 0)::bigint as "amountFen"
    from ledger_entry e
    join ledger_posting g on g.sequence = e.sequence
    join ledger_account a on a.id = g.account_id
    left join place p on p.owner_code = a.owner_code
    where e.kind in ('cost', 'transfer', 'advance', 'adjustment')
      and not exists (select 1 from ledger_entry r where r.reverses_sequence = e.sequence)
    group by e.sequence, e.description, e.effective_day
    order by e.sequence`);
  return rows.flatMap(({ sequence, description, effectiveDay, countyCode, commissionedOn, amountFen }) => {
    const cost = {
      subject: String(sequence),
      description,
      amountFen,
      // An owner that the registry does not know is taken for one that the rule binds.
      commissionedOn: commissionedOn ?? effectiveDay,
    };
    return seen(checkLoan(cost), {
      subjectKind: 'ledger_entry',
      countyCode,
      rows: [
        row({
          day: effectiveDay,
          reference: `entry:${sequence}`,
          amountFen: String(amountFen),
          note: description,
        }),
      ],
    });
  });
}
