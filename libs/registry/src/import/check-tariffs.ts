import { sql, type Queryable } from '#persistence';
import { endTariffs, insertTariffs } from '../registry.writer.ts';
import { splitDuplicates, STATION, unknownCodes, type Checked, type CheckOptions } from './checked.ts';
import { tariffSheet, type TariffRow } from './sheets.ts';
import { placeRows, type StoredVersion } from './versions.ts';

const componentKey = (row: Pick<TariffRow, 'stationCode' | 'component'>) =>
  `${row.stationCode}/${row.component}`;

/** Price components of a file. A later price closes the open one before it. */
export async function checkTariffs(options: CheckOptions<TariffRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = tariffSheet;
  const { unique, problems: duplicates } = splitDuplicates({
    sheet,
    lines,
    keyOf: (row) => `${componentKey(row)}/${row.effectiveFrom}`,
    column: 'effectiveFrom',
  });
  const unknown = await unknownCodes({
    sheet,
    transaction,
    lines,
    column: 'stationCode',
    reference: STATION,
  });
  const placed = placeRows({
    sheet,
    lines: unique,
    keyOf: componentKey,
    stored: await storedTariffs(
      transaction,
      unique.map(({ row }) => row.stationCode),
    ),
    contentOf: (version) => String(version.lines[0]?.row.priceHaoPerKwh),
  });
  return {
    problems: [...duplicates, ...unknown, ...placed.problems],
    inserted: placed.fresh.length,
    updated: placed.ended.length,
    unchanged: placed.unchanged,
    apply: async (target) => {
      await endTariffs(target, placed.ended);
      await insertTariffs(target, placed.fresh);
    },
  };
}

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
