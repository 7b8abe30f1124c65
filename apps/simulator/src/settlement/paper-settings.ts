import { LAYOUTS, type Layout } from './layouts.ts';
import { PAPER_FAULT_KINDS, type PaperFaultKind } from './paper-faults.ts';
import { SHEET_FORMATS, type SheetFormat } from './sheet.ts';

/** What a command for papers is asked to write. */
export interface PaperSettings {
  months: string[];
  /** Null: in turn by county. */
  layout: Layout | null;
  /** Null: what the layout is usually sent as. */
  format: SheetFormat | null;
  folder: string;
  faults: WantedPaperFault[];
}

/** Without a station the seed chooses one; without a month it is in every month. */
interface WantedPaperFault {
  kind: PaperFaultKind;
  stationCode: string | null;
  month: string | null;
}

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
/** Five years: what a bench or a demo of many years asks for. */
const MONTHS_MAX = 60;

/** `2026-05` or `2026-03..2026-05`; null where it is neither, or longer than five years. */
export function monthsOf(text: string): string[] | null {
  const [from = '', to = from, ...rest] = text.split('..');
  if (rest.length > 0 || !MONTH.test(from) || !MONTH.test(to) || from > to) return null;
  const months: string[] = [];
  for (let month = from; month <= to && months.length <= MONTHS_MAX; month = monthAfter(month))
    months.push(month);
  return months.length > MONTHS_MAX ? null : months;
}

/** The month after one. */
export function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}

/** A layout or `mixed`; undefined where the name is unknown. */
export const layoutOf = (text: string): Layout | null | undefined =>
  text === 'mixed' ? null : LAYOUTS.find((layout) => layout === text);

export const formatOf = (text: string): SheetFormat | undefined =>
  SHEET_FORMATS.find((format) => format === text);

/** `none`, `all`, or `kind`, `kind@station`, `kind@station@month` with commas between; the first word that is wrong. */
export function paperFaultsOf(text: string): { faults: WantedPaperFault[] } | { wrong: string } {
  if (text === 'none') return { faults: [] };
  if (text === 'all')
    return { faults: PAPER_FAULT_KINDS.map((kind) => ({ kind, stationCode: null, month: null })) };
  const faults: WantedPaperFault[] = [];
  for (const word of text.split(',').map((part) => part.trim())) {
    const [name, stationCode = null, month = null] = word.split('@');
    const kind = PAPER_FAULT_KINDS.find((known) => known === name);
    if (kind === undefined || (month !== null && !MONTH.test(month))) return { wrong: word };
    faults.push({ kind, stationCode, month });
  }
  return { faults };
}
