import { PEER_LIMITS } from '#domain';
import { explain } from './day-evidence.ts';
import { curveRow, dayRow, type CurveRow, type ExpectedDayRow } from './day-rows.ts';
import { newKept, type FleetKnowledge, type FleetMemory } from './expected-types.ts';
import type { JudgedDay } from './fleet-day.ts';

/** What is stored of a judged day of the fleet: a row and a curve a station. Pure. */
export function viewsOf(
  judged: readonly JudgedDay[],
  before: { memory: FleetMemory; recent: ReadonlyMap<number, readonly JudgedDay[]> },
  given: { knowledge: FleetKnowledge; isFinal: boolean; untilSlot: number },
): { rows: ExpectedDayRow[]; curves: CurveRow[] } {
  const { knowledge, isFinal, untilSlot } = given;
  const byId = new Map(judged.map((one) => [one.station.stationId, one]));
  const byTownship = Map.groupBy(judged, ({ station }) => station.townshipCode);
  const rows: ExpectedDayRow[] = [];
  const curves: CurveRow[] = [];
  for (const today of judged) {
    const { stationId, townshipCode } = today.station;
    const peers = knowledge.candidates.get(stationId) ?? [];
    const near = peers
      .filter((peer) => peer.distanceKm <= PEER_LIMITS.radiusKm)
      .flatMap(({ id }) => byId.get(Number(id)) ?? []);
    const scale = knowledge.models.get(stationId)?.scale ?? null;
    const explained = explain({
      today,
      recent: before.recent.get(stationId) ?? [],
      kept: before.memory.kept.get(stationId) ?? newKept(),
      around: { near, township: byTownship.get(townshipCode) ?? [] },
      scaleRatio:
        scale === null || knowledge.fleetScale === null ? null : Math.log(scale / knowledge.fleetScale),
    });
    rows.push(dayRow(today, explained, isFinal));
    const tellers = near.filter(({ isHealthyNow }) => isHealthyNow).slice(0, PEER_LIMITS.wanted);
    curves.push(curveRow(today, tellers, untilSlot));
  }
  return { rows, curves };
}
