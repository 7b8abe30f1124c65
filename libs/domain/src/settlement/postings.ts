import { compareCodes } from '../allocation/allocate.ts';
import type { Posting } from '../ledger/entry.ts';

/** Money of one price component of a station, fen; the sign says whether it grew. */
export interface ComponentDelta {
  stationCode: string;
  component: string;
  deltaFen: bigint;
}

/** What was stated becomes a claim on the grid and the station's earning. Empty where nothing changed in money. */
export function settlementPostings(deltas: readonly ComponentDelta[]): Posting[] {
  const sums = sumDeltas(deltas);
  const stations = new Map<string, bigint>();
  for (const { stationCode, deltaFen } of sums)
    stations.set(stationCode, (stations.get(stationCode) ?? 0n) + deltaFen);
  return [
    ...sums.map(({ stationCode, component, deltaFen }) => ({
      account: { kind: 'receivable' as const, ownerCode: stationCode, part: component },
      amountFen: deltaFen,
    })),
    ...[...stations].map(([ownerCode, sumFen]) => ({
      account: { kind: 'station' as const, ownerCode },
      amountFen: -sumFen,
    })),
  ].filter(({ amountFen }) => amountFen !== 0n);
}

/** What came is cash of the agency and settles claims. @param input `countyCode` names the agency (结转机构) */
export function receiptPostings(input: {
  countyCode: string;
  matched: readonly ComponentDelta[];
}): Posting[] {
  const sums = sumDeltas(input.matched);
  const totalFen = sums.reduce((sum, { deltaFen }) => sum + deltaFen, 0n);
  return [
    { account: { kind: 'agency' as const, ownerCode: input.countyCode }, amountFen: totalFen },
    ...sums.map(({ stationCode, component, deltaFen }) => ({
      account: { kind: 'receivable' as const, ownerCode: stationCode, part: component },
      amountFen: -deltaFen,
    })),
  ].filter(({ amountFen }) => amountFen !== 0n);
}

/** What a station earned and received becomes owed to its villages. */
export function allocationPostings(
  lines: readonly { stationCode: string; villageCode: string; amountFen: bigint }[],
): Posting[] {
  const stations = new Map<string, bigint>();
  const villages = new Map<string, bigint>();
  for (const { stationCode, villageCode, amountFen } of lines) {
    stations.set(stationCode, (stations.get(stationCode) ?? 0n) + amountFen);
    villages.set(villageCode, (villages.get(villageCode) ?? 0n) - amountFen);
  }
  const postingsOf = (kind: 'station' | 'village', sums: ReadonlyMap<string, bigint>) =>
    [...sums]
      .sort(([a], [b]) => compareCodes(a, b))
      .map(([ownerCode, amountFen]) => ({ account: { kind, ownerCode }, amountFen }));
  return [...postingsOf('station', stations), ...postingsOf('village', villages)].filter(
    ({ amountFen }) => amountFen !== 0n,
  );
}

function sumDeltas(deltas: readonly ComponentDelta[]): ComponentDelta[] {
  const sums = new Map<string, ComponentDelta>();
  for (const { stationCode, component, deltaFen } of deltas) {
    const key = `${stationCode}:${component}`;
    sums.set(key, { stationCode, component, deltaFen: (sums.get(key)?.deltaFen ?? 0n) + deltaFen });
  }
  return [...sums.values()].sort(
    (a, b) => compareCodes(a.stationCode, b.stationCode) || compareCodes(a.component, b.component),
  );
}
