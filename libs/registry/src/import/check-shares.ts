import { sql, type Queryable } from '#persistence';
import { insertAssetShares, insertRevenueShares } from '../registry.writer.ts';
import { lowestTerms, type Fraction } from './cells.ts';
import {
  knownStations,
  knownVillages,
  splitDuplicates,
  UNKNOWN_STATION,
  UNKNOWN_VILLAGE,
  unknownCodes,
  type Checked,
  type CheckOptions,
} from './checked.ts';
import { problemAt, type Line, type Problem } from './read-rows.ts';
import { shareSheet, type ShareRow } from './sheets.ts';
import { groupLines, placeVersions, type StoredVersion, type Version } from './versions.ts';

type Right = ShareRow['right'];
const rightKey = (row: Pick<ShareRow, 'stationCode' | 'right'>) => `${row.stationCode}/${row.right}`;

/**
 * Shares of a file. All shares of a station, of one kind and from one date, come together and sum to exactly one
 * (domain.md 7, 3); a later set closes the open one before it.
 */
export async function checkShares(options: CheckOptions<ShareRow>): Promise<Checked> {
  const { transaction, lines } = options;
  const sheet = shareSheet;
  const { unique, problems } = splitDuplicates({
    sheet,
    lines,
    keyOf: (row) => `${rightKey(row)}/${row.effectiveFrom}/${row.villageCode}`,
    column: 'villageCode',
  });
  problems.push(...(await unknownParties(transaction, lines)));
  const stations = unique.map(({ row }) => row.stationCode);
  const stored = new Map([
    ...(await storedAssetShares(transaction, stations)),
    ...(await storedRevenueShares(transaction, stations)),
  ]);
  const fresh: ShareRow[] = [];
  const closed: ClosedShares[] = [];
  let unchanged = 0;
  for (const [key, group] of groupLines(unique, rightKey)) {
    const versions = versionsOf(group);
    if (options.complete) problems.push(...versions.flatMap(incomplete));
    const placed = placeVersions({ sheet, versions, stored: stored.get(key) ?? [], contentOf });
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
    apply: (target) => applyShares(target, { fresh, closed }),
  };
}

async function unknownParties(transaction: Queryable, lines: readonly Line<ShareRow>[]): Promise<Problem[]> {
  const sheet = shareSheet;
  const station = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.stationCode,
    column: 'stationCode',
    known: await knownStations(transaction),
    problem: UNKNOWN_STATION,
  });
  const village = unknownCodes({
    sheet,
    lines,
    codeOf: (row) => row.villageCode,
    column: 'villageCode',
    known: await knownVillages(transaction),
    problem: UNKNOWN_VILLAGE,
  });
  return [...station, ...village];
}

function versionsOf(group: readonly Line<ShareRow>[]): Version<ShareRow>[] {
  return [...groupLines(group, (row) => row.effectiveFrom)].map(([from, lines]) => ({
    from,
    to: lines[0]?.row.effectiveTo ?? null,
    lines,
  }));
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

type ClosedShares = Pick<ShareRow, 'stationCode' | 'right'> & { from: string; to: string };

async function applyShares(
  transaction: Queryable,
  { fresh, closed }: { fresh: readonly ShareRow[]; closed: readonly ClosedShares[] },
): Promise<void> {
  const of = (right: Right) =>
    fresh.filter((row) => row.right === right).map(({ share, ...row }) => ({ ...row, ...share }));
  await closeShares(transaction, closed);
  await insertAssetShares(transaction, of('asset'));
  await insertRevenueShares(transaction, of('revenue'));
}

async function closeShares(transaction: Queryable, closed: readonly ClosedShares[]): Promise<void> {
  const columns = (right: Right) => {
    const rows = closed.filter((row) => row.right === right);
    return sql`unnest(
      ${rows.map(({ stationCode }) => stationCode)}::text[],
      ${rows.map(({ from }) => from)}::date[],
      ${rows.map(({ to }) => to)}::date[]) as c (station_code, starts_on, ends_on)`;
  };
  await transaction.query(sql`
    update asset_share a
    set effective_to = c.ends_on
    from ${columns('asset')}
    join station s on s.code = c.station_code
    where a.station_id = s.id and a.effective_from = c.starts_on and a.effective_to is null
  `);
  await transaction.query(sql`
    update revenue_share r
    set effective_to = c.ends_on
    from ${columns('revenue')}
    join station s on s.code = c.station_code
    where r.station_id = s.id and r.effective_from = c.starts_on and r.effective_to is null
  `);
}
