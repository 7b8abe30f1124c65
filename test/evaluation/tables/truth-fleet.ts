import type { RegistrySnapshot, StationRecord } from '#registry';
import { smallFleet } from '#simulation';

/** Stations of each county of {@link truthFleet}: enough neighbours to judge one without asking the other county. */
const STATIONS_A_COUNTY = 6;
const TOWNSHIPS_A_COUNTY = 3;
const GRID_DEG = 0.03;

/**
 * Two counties 100 km apart with six stations each, `S01` … `S12`, a few km between neighbours: odd numbers are of
 * 临县, even ones of 石楼县.
 */
export function truthFleet(): RegistrySnapshot {
  const base = smallFleet(2 * STATIONS_A_COUNTY);
  const townships = base.counties.flatMap(({ code }) =>
    Array.from({ length: TOWNSHIPS_A_COUNTY }, (_, index) => ({
      code: `${code}10${index}`,
      countyCode: code,
      name: `第${index + 1}镇`,
    })),
  );
  const stations = base.stations.map((station, index): StationRecord => {
    const county = base.counties[index % 2];
    const place = Math.floor(index / 2);
    return {
      ...station,
      townshipCode: `${county?.code ?? ''}10${place % TOWNSHIPS_A_COUNTY}`,
      longitude: (county?.seatLongitude ?? 111) + GRID_DEG * (place % 3),
      latitude: (county?.seatLatitude ?? 37.5) + GRID_DEG * Math.floor(place / 3),
    };
  });
  return { ...base, townships, stations };
}
