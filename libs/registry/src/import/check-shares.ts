import { sql, type Queryable } from '#persistence';
import { endShares, insertAssetShares, insertRevenueShares } from '../registry.writer.ts';
import { lowestTerms, type Fraction } from './cells.ts';
import {
  splitDuplicates,
  STATION,
  unknownCodes,
  VILLAGE,
  type Checked,
  type CheckOptions,
} from './checked.ts';
import { problemAt, type Problem } from './read-rows.ts';
import { shareSheet, type ShareRow } from './sheets.ts';
import { placeRows, type PlacedRows, type StoredVersion, type Version } from './versions.ts';

type Right = ShareRow['right'];
const rightKey = (row: Pick<ShareRow, 'stationCode' | 'right'>) => `${row.stationCode}/${row.right}`;

/**
 * Shares of a file. All shares of a station, of one kind and from one date, come together and sum to exactly one
 * (domain.md 7, 3); a later set closes the open one before it.
 */
export async function checkShares(options: CheckOptions<ShareRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = shareSheet;
  const { unique, problems: duplicates } = splitDuplicates({
    sheet,
    lines,
    keyOf: (row) => `${rightKey(row)}/${row.effectiveFrom}/${row.villageCode}`,
    column: 'villageCode',
  });
  const unknown = [
    ...(await unknownCodes({ sheet, transaction, lines, column: 'stationCode', reference: STATION })),
    ...(await unknownCodes({ sheet, transaction, lines, column: 'villageCode', reference: VILLAGE })),
  ];
  const stations = unique.map(({ row }) => row.stationCode);
  const placed = placeRows({
    sheet,
    lines: unique,
    keyOf: rightKey,
    stored: new Map([
      ...(await storedAssetShares(transaction, stations)),
      ...(await storedRevenueShares(transaction, stations)),
    ]),
    contentOf,
    // What the rows are in sum is not known while one of them could not be read.
    ...(options.complete ? { flawsOf: incomplete } : {}),
  });
  return {
    problems: [...duplicates, ...unknown, ...placed.problems],
    inserted: placed.fresh.length,
    updated: placed.ended.length,
    unchanged: placed.unchanged,
    apply: (target) => applyShares(target, placed),
  };
}

/** Shares that do not sum to one, and ends that differ within one set. */
function incomplete(version: Version<ShareRow>): Problem[] {
  const first = version.lines[0];
  if (first === undefined) return [];
  const sum = version.lines.reduce((total, { row }) => add(total, row.share), {
    numerator: 0n,
    denominator: 1n,
  });
  const problems: Problem[] = [];
  if (sum.numerator !== sum.denominator) {
    const where = version.lines.map(({ line }) => line).join('、');
    const reason = `电站 ${first.row.stationCode} 自 ${version.from} 起的份额合计为 ${percent(sum)}，应恰为 100%（第 ${where} 行）`;
    problems.push(
      problemAt(shareSheet, { ...first, column: 'share' }, { code: 'import.shares_not_one', reason }),
    );
  }
  const other = version.lines.find(({ row }) => row.effectiveTo !== version.to);
  if (other !== undefined) {
    const reason = `同一组份额的失效日期应相同（见第 ${first.line} 行）`;
    problems.push(
      problemAt(shareSheet, { ...other, column: 'effectiveTo' }, { code: 'import.bad_period', reason }),
    );
  }
  return problems;
}

const add = (a: Fraction, b: Fraction): Fraction => ({
  numerator: a.numerator * b.denominator + b.numerator * a.denominator,
  denominator: a.denominator * b.denominator,
});

/** For the message; the fraction itself where a few decimals would look like 100 %. */
function percent({ numerator, denominator }: Fraction): string {
  const tenThousandths = (numerator * 1_000_000n) / denominator;
  const text = `${tenThousandths / 10_000n}.${String(tenThousandths % 10_000n).padStart(4, '0')}%`;
  return text === '100.0000%' ? '略高于 100%' : text;
}

/** Villages with their exact shares and basis, in the order of their codes. */
const contentOf = (version: Version<ShareRow>) =>
  version.lines
    .map(({ row }) => shareContent(row.villageCode, row.share, row.right === 'asset' ? null : row.basis))
    .sort()
    .join(';');
const shareContent = (village: string, share: Fraction, basis: string | null) =>
  `${village}=${share.numerator}/${share.denominator}${basis === null ? '' : `@${basis}`}`;

interface StoredShares {
  stationCode: string;
  from: string;
  to: string | null;
  shares: { village: string; numerator: string; denominator: string; basis: string | null }[];
}

async function storedAssetShares(transaction: Queryable, stations: readonly string[]) {
  const rows = await transaction.query<StoredShares>(sql`
    select s.code as "stationCode", a.effective_from as "from", a.effective_to as "to",
      jsonb_agg(jsonb_build_object('village', a.village_code, 'numerator', a.numerator::text,
        'denominator', a.denominator::text, 'basis', null)) as shares
    from asset_share a
    join station s on s.id = a.station_id
    where s.code = any(${stations}::text[])
    group by s.code, a.effective_from, a.effective_to
  `);
  return storedVersions('asset', rows);
}

async function storedRevenueShares(transaction: Queryable, stations: readonly string[]) {
  const rows = await transaction.query<StoredShares>(sql`
    select s.code as "stationCode", r.effective_from as "from", r.effective_to as "to",
      jsonb_agg(jsonb_build_object('village', r.village_code, 'numerator', r.numerator::text,
        'denominator', r.denominator::text, 'basis', r.basis)) as shares
    from revenue_share r
    join station s on s.id = r.station_id
    where s.code = any(${stations}::text[])
    group by s.code, r.effective_from, r.effective_to
  `);
  return storedVersions('revenue', rows);
}

function storedVersions(right: Right, rows: readonly StoredShares[]): Map<string, StoredVersion[]> {
  const versions = new Map<string, StoredVersion[]>();
  for (const { stationCode, from, to, shares } of rows) {
    const content = shares
      .map(({ village, numerator, denominator, basis }) =>
        shareContent(village, lowestTerms(BigInt(numerator), BigInt(denominator)), basis),
      )
      .sort()
      .join(';');
    const key = rightKey({ stationCode, right });
    versions.set(key, [...(versions.get(key) ?? []), { from, to, content }]);
  }
  return versions;
}

async function applyShares(
  transaction: Queryable,
  { fresh, ended }: Pick<PlacedRows<ShareRow>, 'fresh' | 'ended'>,
): Promise<void> {
  const of = (right: Right) =>
    fresh.filter((row) => row.right === right).map(({ share, ...row }) => ({ ...row, ...share }));
  for (const right of ['asset', 'revenue'] as const)
    await endShares(
      transaction,
      right,
      ended.filter((row) => row.right === right),
    );
  await insertAssetShares(transaction, of('asset'));
  await insertRevenueShares(transaction, of('revenue'));
}
