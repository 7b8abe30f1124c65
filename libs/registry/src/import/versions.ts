import { chainPeriods, PERIOD_REASONS } from './periods.ts';
import { problemAt, type Line, type Problem } from './read-rows.ts';
import type { Sheet } from './sheets.ts';

/** Rows that hold together from one date on: one price, or all shares of a station. */
export interface Version<Row> {
  from: string;
  to: string | null;
  lines: Line<Row>[];
}

export interface StoredVersion {
  from: string;
  to: string | null;
  /** What the version says, comparable with that of a new one. */
  content: string;
}

interface PlacedVersions<Row> {
  fresh: { line: Line<Row>; to: string | null }[];
  closed: { from: string; to: string }[];
  unchanged: number;
  problems: Problem[];
}

/**
 * Places the versions of one thing among the stored ones. A version that is stored with the same content is
 * unchanged; with another content it is a problem, since history is not overwritten.
 */
function placeVersions<Row>(options: {
  sheet: Sheet<Row>;
  versions: readonly Version<Row>[];
  stored: readonly StoredVersion[];
  contentOf: (version: Version<Row>) => string;
}): PlacedVersions<Row> {
  const { sheet, versions, stored, contentOf } = options;
  const result: PlacedVersions<Row> = { fresh: [], closed: [], unchanged: 0, problems: [] };
  const blame = (version: Version<Row>, problem: { code: string; reason: string }) => {
    const line = version.lines[0];
    if (line) result.problems.push(problemAt(sheet, { ...line, column: 'effectiveFrom' }, problem));
  };
  const incoming: Version<Row>[] = [];
  for (const version of versions) {
    const before = stored.find(({ from }) => from === version.from);
    if (before === undefined) incoming.push(version);
    else if (before.content === contentOf(version) && (version.to === null || version.to === before.to)) {
      result.unchanged += version.lines.length;
    } else {
      blame(version, {
        code: 'import.differs_from_database',
        reason: '同一生效日期已有不同内容的版本；导入不覆盖已有数据，请用新的生效日期',
      });
    }
  }
  const chained = chainPeriods(stored, incoming);
  for (const version of incoming) {
    for (const { code } of chained.problems.filter(({ from }) => from === version.from)) {
      blame(version, { code, reason: PERIOD_REASONS[code] });
    }
    const to = chained.ends.get(version.from) ?? null;
    result.fresh.push(...version.lines.map((line) => ({ line, to })));
  }
  result.closed = chained.closed;
  return result;
}

/** Rows of a sheet that hold from a date on, and the open versions that they end. */
export interface PlacedRows<Row> {
  fresh: Row[];
  ended: (Row & { startsOn: string; endsOn: string })[];
  unchanged: number;
  problems: Problem[];
}

/** Places the versions of every thing of a file; rows of one thing and beginning are one version. */
export function placeRows<Row extends { effectiveFrom: string; effectiveTo: string | null }>(options: {
  sheet: Sheet<Row>;
  lines: readonly Line<Row>[];
  /** Which thing a row is of. */
  keyOf: (row: Row) => string;
  stored: ReadonlyMap<string, readonly StoredVersion[]>;
  contentOf: (version: Version<Row>) => string;
  /** What is wrong with a version by itself. */
  flawsOf?: (version: Version<Row>) => Problem[];
}): PlacedRows<Row> {
  const { sheet, lines, keyOf, stored, contentOf, flawsOf } = options;
  const result: PlacedRows<Row> = { fresh: [], ended: [], unchanged: 0, problems: [] };
  for (const [key, group] of groupLines(lines, keyOf)) {
    const versions = versionsOf(group);
    if (flawsOf) result.problems.push(...versions.flatMap(flawsOf));
    const placed = placeVersions({ sheet, versions, stored: stored.get(key) ?? [], contentOf });
    result.problems.push(...placed.problems);
    result.unchanged += placed.unchanged;
    result.fresh.push(...placed.fresh.map(({ line, to }) => ({ ...line.row, effectiveTo: to })));
    const row = group[0]?.row;
    if (row)
      result.ended.push(...placed.closed.map(({ from, to }) => ({ ...row, startsOn: from, endsOn: to })));
  }
  return result;
}

function versionsOf<Row extends { effectiveFrom: string; effectiveTo: string | null }>(
  group: readonly Line<Row>[],
): Version<Row>[] {
  return [...groupLines(group, (row) => row.effectiveFrom)].map(([from, lines]) => ({
    from,
    to: lines[0]?.row.effectiveTo ?? null,
    lines,
  }));
}

/** Groups lines by a key, in the order of the file. */
function groupLines<Row>(lines: readonly Line<Row>[], keyOf: (row: Row) => string): Map<string, Line<Row>[]> {
  const groups = new Map<string, Line<Row>[]>();
  for (const line of lines) groups.set(keyOf(line.row), [...(groups.get(keyOf(line.row)) ?? []), line]);
  return groups;
}
