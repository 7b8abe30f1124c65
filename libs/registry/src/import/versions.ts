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

export interface PlacedVersions<Row> {
  fresh: { line: Line<Row>; to: string | null }[];
  closed: { from: string; to: string }[];
  unchanged: number;
  problems: Problem[];
}

/**
 * Places the versions of one thing among the stored ones. A version that is stored with the same content is
 * unchanged; with another content it is a problem, since history is not overwritten.
 */
export function placeVersions<Row>(options: {
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

/** Groups lines by a key, in the order of the file. */
export function groupLines<Row>(
  lines: readonly Line<Row>[],
  keyOf: (row: Row) => string,
): Map<string, Line<Row>[]> {
  const groups = new Map<string, Line<Row>[]>();
  for (const line of lines) groups.set(keyOf(line.row), [...(groups.get(keyOf(line.row)) ?? []), line]);
  return groups;
}
