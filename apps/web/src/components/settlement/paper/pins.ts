import type { StatementView } from '#contracts';
import { sumFen } from './paperWords.ts';

/** A station-month with what is open of a component; accounts of one station are one. */
interface OpenMonth {
  key: string;
  station: string;
  stationName: string;
  month: string;
  openFen: string;
}

/** What a person chose, as it is typed. */
export interface Pin extends OpenMonth {
  yuan: string;
}

/** Station-months that something is open of, the oldest first, as a receipt pays them. */
export function openMonths(items: readonly StatementView[], component: string): OpenMonth[] {
  const months = new Map<string, OpenMonth>();
  for (const item of items) {
    if (item.component !== component) continue;
    const key = `${item.month}/${item.stationCode}`;
    const before = months.get(key);
    months.set(key, {
      key,
      station: item.stationCode,
      stationName: item.stationName,
      month: item.month,
      openFen: sumFen([before?.openFen ?? '0', item.openFen]) ?? '0',
    });
  }
  return [...months.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}
