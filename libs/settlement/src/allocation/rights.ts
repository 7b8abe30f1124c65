import { monthRange, type StationRights } from '#domain';
import type { Queryable } from '#persistence';
import { daysOfStations } from '../matching/matching.repository.ts';
import { sharesOfStations } from './allocation.repository.ts';

/** Shares by station, and the days of those whose shares change in the months. */
export async function rightsOf(
  transaction: Queryable,
  money: readonly { stationId: number; stationCode: string; month: string }[],
): Promise<Map<string, StationRights>> {
  const months = money.map(({ month }) => month).sort();
  const range = {
    from: monthRange(months.at(0) ?? '').from,
    to: monthRange(months.at(-1) ?? '').to,
  };
  const codes = new Map(money.map(({ stationId, stationCode }) => [stationId, stationCode]));
  const shares = await sharesOfStations(transaction, [...codes.keys()], range);
  const changing = [...shares]
    .filter(([, rows]) =>
      rows.some(({ effectiveFrom, effectiveTo }) => effectiveFrom > range.from || effectiveTo !== null),
    )
    .map(([stationId]) => stationId);
  const days = await daysOfStations(transaction, changing, range);
  return new Map(
    [...codes].map(([stationId, code]) => [
      code,
      { shares: shares.get(stationId) ?? [], days: days.get(stationId) ?? [] },
    ]),
  );
}

/** Villages that have a share in any of the stations. */
export const villagesOfRights = (rights: ReadonlyMap<string, StationRights>) => [
  ...new Set([...rights.values()].flatMap(({ shares }) => shares.map(({ villageCode }) => villageCode))),
];
