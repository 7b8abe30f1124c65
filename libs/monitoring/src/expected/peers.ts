import { pairSigma, PEER_LIMITS, type Peer } from '#domain';
import type { RegisteredStation } from './expected-types.ts';

/** Neighbours that are looked at: some are sick, some of one township. */
const CANDIDATES = 24;
const PAIR_DAYS_MAX = 120;
const KM_PER_DEG = 111.2;

/** Distance on the ground, km; on the span of a city the earth is flat. */
function distanceKm(
  one: { latitudeDeg: number; longitudeDeg: number },
  other: { latitudeDeg: number; longitudeDeg: number },
): number {
  const north = (one.latitudeDeg - other.latitudeDeg) * KM_PER_DEG;
  const middle = ((one.latitudeDeg + other.latitudeDeg) / 2) * (Math.PI / 180);
  return Math.hypot(north, (one.longitudeDeg - other.longitudeDeg) * KM_PER_DEG * Math.cos(middle));
}

/** The nearest neighbours of each station within 60 km: where fewer than three stand within 30, the ring beyond tells. */
export function candidatesOf(
  stations: readonly RegisteredStation[],
  sigmas: readonly { stationId: number; peerId: number; sigma: number | null }[],
): Map<number, Peer[]> {
  const known = new Map(sigmas.map(({ stationId, peerId, sigma }) => [`${stationId} ${peerId}`, sigma]));
  return new Map(
    stations.map((station) => {
      const near = stations
        .filter((other) => other !== station)
        .map((other) => ({ other, km: distanceKm(station, other) }))
        .filter(({ km }) => km <= PEER_LIMITS.wideRadiusKm)
        .sort((a, b) => a.km - b.km || a.other.stationId - b.other.stationId)
        .slice(0, CANDIDATES)
        .map(({ other, km }): Peer => ({
          id: String(other.stationId),
          distanceKm: km,
          altitudeDifferenceM: null,
          sigma: known.get(`${station.stationId} ${other.stationId}`) ?? null,
          group: other.townshipCode,
        }));
      return [station.stationId, near];
    }),
  );
}

/** The deviation of each pair of neighbours, from the mean indices of the days so far. */
export function weighPairs(
  candidates: ReadonlyMap<number, readonly Peer[]>,
  indices: readonly { stationId: number; day: string; ownIndex: number }[],
): { stationId: number; peerId: number; distanceKm: number; sigma: number | null }[] {
  const byStation = new Map<number, Map<string, number>>();
  for (const { stationId, day, ownIndex } of indices) {
    const own = byStation.get(stationId) ?? new Map<string, number>();
    own.set(day, Math.log(ownIndex));
    byStation.set(stationId, own);
  }
  return [...candidates].flatMap(([stationId, peers]) => {
    const own = [...(byStation.get(stationId) ?? [])].slice(-PAIR_DAYS_MAX);
    return peers.map(({ id, distanceKm: km }) => {
      const theirs = byStation.get(Number(id));
      const ratios = own.flatMap(([day, index]) => {
        const other = theirs?.get(day);
        return other === undefined ? [] : [index - other];
      });
      return { stationId, peerId: Number(id), distanceKm: km, sigma: pairSigma(ratios) };
    });
  });
}
