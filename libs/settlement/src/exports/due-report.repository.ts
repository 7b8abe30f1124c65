import { sql, type Queryable } from '#persistence';
import type { SettlementActor } from '../statements/statement.repository.ts';

export interface DueReportRow {
  month: string;
  dueOn: string;
  jobId: number | null;
  preparedAt: Date | null;
  handedInBy: string | null;
  handedInAt: Date | null;
  receiptRef: string | null;
}

const COLUMNS = sql`
  d.month, d.due_on as "dueOn", d.job_id as "jobId", d.prepared_at as "preparedAt", d.handed_in_by as "handedInBy",
  d.handed_in_at as "handedInAt", d.receipt_ref as "receiptRef"`;

/** Enters a report that becomes due, once. */
export async function insertDue(
  database: Queryable,
  report: { month: string; dueOn: string },
): Promise<void> {
  await database.query(sql`
    insert into due_report (month, due_on)
    values (${report.month}, ${report.dueOn}::date)
    on conflict do nothing`);
}

/** Reports, the newest first. */
export async function listDue(database: Queryable, limit: number): Promise<DueReportRow[]> {
  return database.query<DueReportRow>(sql`
    select ${COLUMNS} from due_report d order by d.month desc limit ${limit}::int`);
}

/** The month of a report, locked to the end of the transaction. */
export async function dueOfMonth(transaction: Queryable, month: string): Promise<DueReportRow | null> {
  const [row] = await transaction.query<DueReportRow>(sql`
    select ${COLUMNS} from due_report d where d.month = ${month} for update`);
  return row ?? null;
}

/** Months that wait for a file: none was asked for, or the last one was not made. */
export async function unprepared(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ month: string }>(sql`
    select d.month
    from due_report d
    left join export_job j on j.id = d.job_id
    where d.handed_in_at is null and (j.id is null or j.state in ('failed', 'cancelled'))
    order by d.month`);
  return rows.map(({ month }) => month);
}

/** The file that is handed in is the newest one. */
export async function setJob(
  database: Queryable,
  report: { month: string; jobId: number; at: Date },
): Promise<void> {
  await database.query(sql`
    update due_report
    set job_id = ${report.jobId}::int, prepared_at = ${report.at}::timestamptz
    where month = ${report.month} and handed_in_at is null`);
}

export async function markHandedIn(
  transaction: Queryable,
  report: { month: string; receiptRef: string | null },
  by: { actor: SettlementActor; at: Date },
): Promise<void> {
  await transaction.query(sql`
    update due_report
    set handed_in_by_id = ${by.actor.accountId}, handed_in_by = ${by.actor.name},
      handed_in_at = ${by.at}::timestamptz, receipt_ref = ${report.receiptRef}::text
    where month = ${report.month}`);
}
