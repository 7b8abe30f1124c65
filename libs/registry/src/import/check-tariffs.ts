import { sql, type Queryable } from '#persistence';
import { insertTariffs } from '../registry.writer.ts';
import {
  knownStations,
  splitDuplicates,
  UNKNOWN_STATION,
  unknownCodes,
  type Checked,
  type CheckOptions,
} from './checked.ts';
import { tariffSheet, type TariffRow } from './sheets.ts';
import { groupLines, placeVersions, type StoredVersion } from './versions.ts';

const componentKey = (row: Pick<TariffRow, 'stationCode' | 'component'>) =>
  `${row.stationCode}/${row.component}`;

/** Price components of a file. A later price closes the open one before it. */
export async function checkTariffs(options: CheckOptions<TariffRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = tariffSheet;
  const { unique, problems } = splitDuplicates({
    sheet,
    lines,
    keyOf: (row) => `${componentKey(row)}/${row.effectiveFrom}`,
    column: 'effectiveFrom',
  });
  const known = await knownStations(transaction);
  const problem = UNKNOWN_STATION;
  problems.push(
    ...unknownCodes({
      sheet,
      lines,
      codeOf: (row) => row.stationCode,
      column: 'stationCode',
      known,
      problem,
    }),
  );
  const stored = await storedTariffs(
    transaction,
    unique.map(({ row }) => row.stationCode),
  );
  const fresh: TariffRow[] = [];
  const closed: ClosedTariff[] = [];
  let unchanged = 0;
  for (const [key, group] of groupLines(unique, componentKey)) {
    const placed = placeVersions({
      sheet,
      versions: group.map((line) => ({
        from: line.row.effectiveFrom,
        to: line.row.effectiveTo,
        lines: [line],
      })),
      stored: stored.get(key) ?? [],
      contentOf: (version) => String(version.lines[0]?.row.priceHaoPerKwh),
    });
    problems.push(...placed.problems);
    unchanged += placed.unchanged;
    fresh.push(...placed.fresh.map(({ line, to }) => ({ ...line.row, effectiveTo: to })));
    const row = group[0]?.row;
    if (row) closed.push(...placed.closed.map((period) => ({ ...period, ...row })));
  }
  return {
    problems,
    inserted: fresh.length,
    updated: closed.length,
    unchanged,
    apply: async (target) => {
      await closeTariffs(target, closed);
      await insertTariffs(target, fresh);
    },
  };
}

type ClosedTariff = Pick<TariffRow, 'stationCode' | 'component'> & { from: string; to: string };

async function storedTariffs(
  transaction: Queryable,
  stations: readonly string[],
): Promise<Map<string, StoredVersion[]>> {
  const rows = await transaction.query<{ key: string; price: number; from: string; to: string | null }>(sql`
    select s.code || '/' || t.component as key, t.price_hao_per_kwh as price, t.effective_from as "from",
      t.effective_to as "to"
    from tariff t
    join station s on s.id = t.station_id
    where s.code = any(${stations}::text[])
    order by t.effective_from
  `);
  const versions = new Map<string, StoredVersion[]>();
  for (const { key, price, from, to } of rows) {
    versions.set(key, [...(versions.get(key) ?? []), { from, to, content: String(price) }]);
  }
  return versions;
}

async function closeTariffs(transaction: Queryable, closed: readonly ClosedTariff[]): Promise<void> {
  await transaction.query(sql`
    update tariff t
    set effective_to = c.ends_on
    from unnest(
      ${closed.map(({ stationCode }) => stationCode)}::text[],
      ${closed.map(({ component }) => component)}::text[],
      ${closed.map(({ from }) => from)}::date[],
      ${closed.map(({ to }) => to)}::date[]) as c (station_code, component, starts_on, ends_on)
    join station s on s.code = c.station_code
    where t.station_id = s.id and t.component = c.component and t.effective_from = c.starts_on
      and t.effective_to is null
  `);
}
