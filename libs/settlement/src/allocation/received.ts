import type { ReceivedOfStation } from './allocation.repository.ts';

/** What an adjustment took from the villages already is not taken from them a second time when the bank takes it. */
export function withoutTaken(
  received: readonly ReceivedOfStation[],
  taken: readonly { stationId: number; month: string; component: string; takenFen: bigint }[],
): ReceivedOfStation[] {
  const key = (each: { stationId: number; month: string; component: string }) =>
    `${each.stationId}/${each.month}/${each.component}`;
  const takenFen = new Map(taken.map((each) => [key(each), each.takenFen]));
  const backFen = new Map<string, bigint>();
  for (const each of received)
    if (each.amountFen < 0n) backFen.set(key(each), (backFen.get(key(each)) ?? 0n) - each.amountFen);
  return received.filter(
    (each) => each.amountFen > 0n || (backFen.get(key(each)) ?? 0n) > (takenFen.get(key(each)) ?? 0n),
  );
}

/** What came and was taken back before anybody was given it needs no run. */
export function withoutNothing(received: readonly ReceivedOfStation[]): ReceivedOfStation[] {
  const key = ({ stationCode, month, component }: ReceivedOfStation) =>
    `${stationCode}/${month}/${component}`;
  const sums = new Map<string, bigint>();
  for (const each of received) sums.set(key(each), (sums.get(key(each)) ?? 0n) + each.amountFen);
  return received.filter((each) => sums.get(key(each)) !== 0n);
}
