import type { ExpectedVerdict, StationState } from '#contracts';
import type { QueryValues } from '../api/http.ts';

/** What the address says about the station list. Anything that is not understood falls back, it never fails. */
export const STATES = [
  'fault',
  'offline',
  'zero',
  'low',
  'limited',
  'unknown',
  'generating',
  'night',
] as const satisfies readonly StationState[];
/** The worst first, as they are chosen from. */
export const VERDICTS = [
  'zero',
  'very_low',
  'low',
  'watch',
  'normal',
  'excluded',
  'not_judged',
  'learning',
] as const satisfies readonly ExpectedVerdict[];
export const SORTS = ['lost', 'ratio', 'peer', 'power', 'hours', 'capacity', 'name', 'code'] as const;
export type Sort = (typeof SORTS)[number];
export const PAGE_SIZE = 50;
/** The API takes no higher page. */
const PAGE_MAX = 10_000;

export interface ListQuery {
  county: string;
  township: string;
  state: StationState | '';
  kind: 'single' | 'joint' | '';
  verdict: ExpectedVerdict | '';
  q: string;
  sort: Sort;
  order: 'asc' | 'desc';
  page: number;
}

type AddressQuery = Record<string, string | null | (string | null)[] | undefined>;
/** What costs most stands on top. */
const SORT: Sort = 'lost';
/** The order that a column begins with: what is worse, or larger, first. */
export const firstOrder = (sort: Sort): 'asc' | 'desc' =>
  ['code', 'name', 'peer', 'ratio'].includes(sort) ? 'asc' : 'desc';
const first = (query: AddressQuery, name: string): string => {
  const value = query[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
};

/** Reads the address. */
export function readListQuery(query: AddressQuery): ListQuery {
  const page = Number(first(query, 'page'));
  const kind = first(query, 'kind');
  const order = first(query, 'order');
  const sort = SORTS.find((known) => known === first(query, 'sort')) ?? SORT;
  return {
    county: first(query, 'county'),
    township: first(query, 'township'),
    state: STATES.find((state) => state === first(query, 'state')) ?? '',
    kind: kind === 'single' || kind === 'joint' ? kind : '',
    verdict: VERDICTS.find((verdict) => verdict === first(query, 'verdict')) ?? '',
    q: first(query, 'q').trim().slice(0, 60),
    sort,
    order: order === 'asc' || order === 'desc' ? order : firstOrder(sort),
    page: Number.isInteger(page) && page >= 1 && page <= PAGE_MAX ? page : 1,
  };
}

/** Writes the address, leaving out what is as it is without it. */
export function writeListQuery(list: ListQuery): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of ['county', 'township', 'state', 'kind', 'verdict', 'q'] as const)
    if (list[name] !== '') query[name] = list[name];
  if (list.sort !== SORT) query['sort'] = list.sort;
  if (list.order !== firstOrder(list.sort)) query['order'] = list.order;
  if (list.page !== 1) query['page'] = String(list.page);
  return query;
}

/** The same words in the whole city; null where nothing is searched for or nothing narrows it. */
export function widened(list: ListQuery): ListQuery | null {
  const { q, county, township, state, kind, verdict } = list;
  if (q === '' || [county, township, state, kind, verdict].every((value) => value === '')) return null;
  return { ...list, county: '', township: '', state: '', kind: '', verdict: '', page: 1 };
}

/** The query of the API. */
export function toApiQuery(list: ListQuery): QueryValues {
  return { ...list, pageSize: PAGE_SIZE };
}
