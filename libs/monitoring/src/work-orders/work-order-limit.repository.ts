import { DEFAULT_LIMITS, type WorkOrderLimits } from '#domain';
import { sql, type Queryable } from '#persistence';

const MINUTE_MS = 60_000;

export interface LimitRow {
  countyCode: string | null;
  effectiveFrom: string;
  acceptMin: number;
  arriveMin: number;
  repairMinorMin: number;
  repairMajorMin: number;
  closeMin: number;
  countyAfterMin: number;
  reason: string;
  setBy: string;
  setAt: Date;
}

/** Every dated row, the last to begin first, of one day the one entered last first. */
export async function readLimits(queryable: Queryable): Promise<LimitRow[]> {
  return queryable.query<LimitRow>(sql`
    select county_code as "countyCode", effective_from as "effectiveFrom", accept_min as "acceptMin",
      arrive_min as "arriveMin", repair_minor_min as "repairMinorMin", repair_major_min as "repairMajorMin",
      close_min as "closeMin", county_after_min as "countyAfterMin", reason, set_by as "setBy", set_at as "setAt"
    from work_order_limit
    order by effective_from desc, id desc`);
}

/** The row in force of a county on a day: its own before that of the city; null is the default. */
export function limitRow(
  rows: readonly LimitRow[],
  question: { countyCode: string | null; day: string },
): LimitRow | null {
  const { countyCode, day } = question;
  const newest = (code: string | null) =>
    rows.find((row) => row.countyCode === code && row.effectiveFrom <= day) ?? null;
  return (countyCode === null ? null : newest(countyCode)) ?? newest(null);
}

export type LimitMinutes = Pick<
  LimitRow,
  'acceptMin' | 'arriveMin' | 'repairMinorMin' | 'repairMajorMin' | 'closeMin' | 'countyAfterMin'
>;

/** The clocks of a row; the default where there is none. */
export function limitsOfRow(row: LimitMinutes | null): WorkOrderLimits {
  if (row === null) return DEFAULT_LIMITS;
  return {
    acceptMs: row.acceptMin * MINUTE_MS,
    arriveMs: row.arriveMin * MINUTE_MS,
    repairMinorMs: row.repairMinorMin * MINUTE_MS,
    repairMajorMs: row.repairMajorMin * MINUTE_MS,
    closeMs: row.closeMin * MINUTE_MS,
    countyAfterMs: row.countyAfterMin * MINUTE_MS,
  };
}

/** The clocks of an order that is opened at a station on a day: those of its county. */
export async function limitsAt(
  queryable: Queryable,
  order: { stationId: number; openedDay: string },
): Promise<WorkOrderLimits> {
  const [place] = await queryable.query<{ countyCode: string }>(sql`
    select t.county_code as "countyCode"
    from station s
    join township t on t.code = s.township_code
    where s.id = ${order.stationId}::int`);
  const rows = await readLimits(queryable);
  return limitsOfRow(limitRow(rows, { countyCode: place?.countyCode ?? null, day: order.openedDay }));
}
