import { addDays } from '#domain';
import type { QueryValues } from '../../api/http.ts';

/** What the address says about the quarantine. Anything that is not understood falls back, it never fails. */
export interface QuarantineAddress {
  reason: string;
  topic: string;
  text: string;
  from: string;
  /** The last day that is shown. */
  to: string;
  state: 'open' | 'settled' | '';
  page: number;
  /** The message that is open, or empty. */
  id: string;
}

export const QUARANTINE_PAGE_SIZE = 50;
const PAGE_MAX = 10_000;

type AddressQuery = Record<string, string | null | (string | null)[] | undefined>;

/** Reads the address. */
export function readQuarantineAddress(query: AddressQuery): QuarantineAddress {
  const text = (name: string, limit: number) => {
    const value = query[name];
    return ((Array.isArray(value) ? value[0] : value) ?? '').trim().slice(0, limit);
  };
  const day = (name: string) => {
    const value = text(name, 10);
    return /^\d{4}-\d{2}-\d{2}$/.test(value) && Number.isFinite(Date.parse(value)) ? value : '';
  };
  const page = Number(text('page', 6));
  const state = text('state', 10);
  const id = text('id', 18);
  return {
    reason: text('reason', 40),
    topic: text('topic', 200),
    text: text('text', 100),
    from: day('from'),
    to: day('to'),
    state: state === 'open' || state === 'settled' ? state : '',
    page: Number.isInteger(page) && page >= 1 && page <= PAGE_MAX ? page : 1,
    id: /^\d+$/.test(id) ? id : '',
  };
}

/** Writes the address, leaving out what is as it is without it. */
export function writeQuarantineAddress(address: QuarantineAddress): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of ['reason', 'topic', 'text', 'from', 'to', 'state', 'id'] as const)
    if (address[name] !== '') query[name] = address[name];
  if (address.page !== 1) query['page'] = String(address.page);
  return query;
}

/** The filter as the API takes it, where the last day is exclusive; empty ones are left out. */
export function toApiFilter(address: QuarantineAddress): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const name of ['reason', 'topic', 'text', 'from', 'state'] as const)
    if (address[name] !== '') filter[name] = address[name];
  if (address.to !== '') filter['to'] = addDays(address.to, 1);
  return filter;
}

/** The query of the list. */
export const toApiQuery = (address: QuarantineAddress): QueryValues => ({
  ...toApiFilter(address),
  page: address.page,
  pageSize: QUARANTINE_PAGE_SIZE,
});

/** `00000000  7b 22 74 73 …  {"ts…`: sixteen bytes a line, with what is readable of them. */
export function hexDump(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    const readable = part.map((byte) => {
      const code = Number.parseInt(byte, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
    });
    lines.push(`${at.toString(16).padStart(8, '0')}  ${part.join(' ').padEnd(47)}  ${readable.join('')}`);
  }
  return lines.join('\n');
}

/** JSON of one line is set out to be read; anything else stays as it came. */
export function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text;
  } catch {
    // It is in quarantine because it is not JSON, as often as not.
    return text;
  }
}
