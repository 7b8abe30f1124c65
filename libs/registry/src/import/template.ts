import { SHEETS, type Column, type ImportKind } from './sheets.ts';

export interface ImportTemplate {
  /** Name of the file for people, without its ending. */
  title: string;
  /** Header row. */
  columns: { title: string; optional: boolean; example: string }[];
  /** UTF-8 CSV with a byte-order mark, so that Excel shows the characters; the header row only. */
  csv: string;
}

/** What a file of a kind must look like. */
export function importTemplate(kind: ImportKind): ImportTemplate {
  const { title, columns }: { title: string; columns: Record<string, Column> } = SHEETS[kind];
  const list = Object.values(columns).map((column) => ({
    title: column.title,
    optional: column.optional ?? false,
    example: column.example,
  }));
  return {
    title: `登记导入-${title}`,
    columns: list,
    csv: `\uFEFF${list.map((column) => column.title).join(',')}\r\n`,
  };
}
