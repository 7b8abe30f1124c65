import { QUALITY_FLAGS, type StationFlag } from '#contracts';
import { addDays } from '#domain';
import type { QueryValues } from '../../api/http.ts';

/** What the addresses of data quality and receipts say. What is not understood falls back, it never fails. */
export interface QualityAddress {
  county: string;
  flag: StationFlag | '';
  q: string;
  from: string;
  /** The last day that is shown. */
  to: string;
  page: number;
  /** The station that is open, or empty. */
  station: string;
}

export const QUALITY_PAGE_SIZE = 50;
const PAGE_MAX = 10_000;

type AddressQuery = Record<string, string | null | (string | null)[] | undefined>;

function textOf(query: AddressQuery, name: string, limit: number): string {
  const value = query[name];
  return ((Array.isArray(value) ? value[0] : value) ?? '').trim().slice(0, limit);
}

/** A day of the address, or empty. */
export function dayInAddress(query: AddressQuery, name: string): string {
  const value = textOf(query, name, 10);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && Number.isFinite(Date.parse(value)) ? value : '';
}

export function pageInAddress(query: AddressQuery): number {
  const page = Number(textOf(query, 'page', 6));
  return Number.isInteger(page) && page >= 1 && page <= PAGE_MAX ? page : 1;
}

export const countyInAddress = (query: AddressQuery): string => textOf(query, 'county', 12);

/** Reads the address of the page of data quality. */
export function readQualityAddress(query: AddressQuery): QualityAddress {
  const flag = textOf(query, 'flag', 40);
  return {
    county: countyInAddress(query),
    flag: QUALITY_FLAGS.find((known) => known === flag) ?? '',
    q: textOf(query, 'q', 60),
    from: dayInAddress(query, 'from'),
    to: dayInAddress(query, 'to'),
    page: pageInAddress(query),
    station: textOf(query, 'station', 40),
  };
}

/** Writes the address, leaving out what is as it is without it. */
export function writeQualityAddress(address: QualityAddress): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of ['county', 'flag', 'q', 'from', 'to', 'station'] as const)
    if (address[name] !== '') query[name] = address[name];
  if (address.page !== 1) query['page'] = String(address.page);
  return query;
}

/** The days of the address as the API takes them, where the last one is exclusive. */
export const toApiDays = ({ from, to }: Pick<QualityAddress, 'from' | 'to'>): QueryValues => ({
  from,
  to: to === '' ? '' : addDays(to, 1),
});

/** The query of the list. */
export const toApiQuery = (address: QualityAddress): QueryValues => ({
  ...toApiDays(address),
  county: address.county,
  flag: address.flag,
  q: address.q,
  page: address.page,
  pageSize: QUALITY_PAGE_SIZE,
});
