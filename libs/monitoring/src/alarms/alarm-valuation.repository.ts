import { sql, type Queryable } from '#persistence';

/** Where no valuation is entered: 0.85 yuan/kWh (domain.md 2.1), 500 yuan a post and month (domain.md 2.5). */
export const DEFAULT_VALUATION = { priceHaoPerKwh: 8500, fenPerPostMonth: 50_000n } as const;

interface Valuation {
  priceHaoPerKwh: number;
  fenPerPostMonth: bigint;
}

export interface ValuationRow extends Valuation {
  id: number;
  countyCode: string | null;
  effectiveFrom: string;
  reason: string;
  setBy: string;
  setAt: Date;
}

/** Every dated row, the last to begin first, of one day the one entered last first. */
export async function readValuations(queryable: Queryable): Promise<ValuationRow[]> {
  return queryable.query<ValuationRow>(sql`
    select id, county_code as "countyCode", effective_from as "effectiveFrom",
      price_hao_per_kwh as "priceHaoPerKwh", fen_per_post_month as "fenPerPostMonth", reason, set_by as "setBy",
      set_at as "setAt"
    from alarm_valuation
    order by effective_from desc, id desc`);
}

/** The row in force of a county on a day: its own before that of the city; null is the default. */
export function valuationRow(
  rows: readonly ValuationRow[],
  question: { countyCode: string | null; day: string },
): ValuationRow | null {
  const { countyCode, day } = question;
  const newest = (code: string | null) =>
    rows.find((row) => row.countyCode === code && row.effectiveFrom <= day) ?? null;
  return (countyCode === null ? null : newest(countyCode)) ?? newest(null);
}

export type ValuationOf = (countyCode: string | null) => Valuation;
export const valuationLookup =
  (rows: readonly ValuationRow[], day: string): ValuationOf =>
  (countyCode) =>
    valuationRow(rows, { countyCode, day }) ?? DEFAULT_VALUATION;
