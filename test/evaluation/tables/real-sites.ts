import { readSeries, SERIES, type SeriesDefinition } from '../../data-quality/series.ts';
import type { RealSite, SiteSample } from './real-site.ts';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

function seriesOf(code: string): SeriesDefinition {
  const found = SERIES.find((definition) => definition.code === code);
  if (!found) throw new Error(`there is no series ${code}`);
  return found;
}

/** The same file with another column read as its power. */
const columnOf = (series: SeriesDefinition, power: string) =>
  readSeries({ ...series, columns: { time: series.columns.time, power } });

function siteOf({ ratedPowerW, place }: SeriesDefinition, samples: SiteSample[]): RealSite {
  return { capacityW: ratedPowerW, ...place, samples };
}

/** A series of quarter hours with the irradiance, W/m², that a column of its file tells. */
function sensedSite(code: string, irradianceColumn: string): RealSite {
  const series = seriesOf(code);
  const irradiances = new Map(columnOf(series, irradianceColumn).map(({ atMs, power }) => [atMs, power]));
  const samples = readSeries(series).map(({ atMs, power }): SiteSample => ({
    atMs: Math.floor(atMs / QUARTER_MS) * QUARTER_MS,
    powerW: power === null ? null : power * series.unitW,
    irradiance: irradiances.get(atMs) ?? null,
  }));
  return siteOf(series, samples);
}

/** Six winter days; on the third and fourth it snowed (38 and 25 mm, snow_snowfall.csv of the source). */
export const snowSite = (): RealSite => sensedSite('DQ11', 'POA [W/m²]');

/** Five winter days without labels. */
export const wellSite = (): RealSite => sensedSite('DQ07', 'poa_irradiance__771');

/** Frozen values (`stale_data_mask`), or a clipped noon (`label`). Without a sensor its neighbours do as it does. */
export function labelledSite(kind: 'frozen' | 'clipped', days: number): RealSite {
  const series = seriesOf(kind === 'frozen' ? 'DQ01' : 'DQ03');
  const samples = readSeries(series)
    .slice(0, days * 96)
    .map(({ atMs, power }): SiteSample => ({
      atMs,
      powerW: power === null ? null : power * series.unitW,
      irradiance: power === null ? null : power * 1250,
    }));
  return siteOf(series, samples);
}

/**
 * Plant R23: 17 days of hourly counters with work orders of its outages (21 July 4:45 to 13:15, 2 August 1:05 to 9:28,
 * "site tripped due to grid disturbance"). Its sensor was off with it: then the sky is that of the last day that was seen.
 */
export function trippedSite(): RealSite {
  const series = seriesOf('DQ14');
  const irradiances = new Map(columnOf(series, 'Irradiance').map(({ atMs, power }) => [atMs, power]));
  const seen = new Map<number, number>();
  let beforeKwh: number | null = null;
  const samples: SiteSample[] = [];
  for (const { atMs, energyKwh } of readSeries(series)) {
    const hour = Math.floor(atMs / HOUR_MS) % 24;
    const measured = irradiances.get(atMs) ?? null;
    if (measured !== null) seen.set(hour, measured);
    const isCounting = energyKwh !== null && beforeKwh !== null && energyKwh >= beforeKwh;
    const powerW = isCounting ? 1000 * ((energyKwh ?? 0) - (beforeKwh ?? 0)) : null;
    beforeKwh = energyKwh ?? beforeKwh;
    // A row tells the hour before it; it is sent four times, as a logger of quarter hours would.
    for (let quarter = 4; quarter > 0; quarter -= 1)
      samples.push({
        atMs: atMs - quarter * QUARTER_MS,
        powerW,
        irradiance: measured ?? seen.get(hour) ?? null,
      });
  }
  return siteOf(series, samples);
}

const R27_SILENT_MS = Date.parse('2018-09-19T01:00:00+08:00');

/** Plant R27 after the hurricane of September 2018: back on the 17th, and silent from the 19th, 1:00, on. */
export function silentSite(): RealSite {
  const series = seriesOf('DQ13');
  const irradiances = new Map(columnOf(series, 'POAirradiance').map(({ atMs, power }) => [atMs, power]));
  const known = readSeries(series)
    .filter(({ atMs }) => atMs < R27_SILENT_MS)
    .map(({ atMs, power }): SiteSample => ({
      atMs,
      powerW: power === null ? null : power * series.unitW,
      irradiance: irradiances.get(atMs) ?? null,
    }));
  // Three days of silence under the sky of the 18th.
  const lastDay = known.filter(({ atMs }) => atMs >= R27_SILENT_MS - DAY_MS);
  const silent = [1, 2, 3].flatMap((day) =>
    lastDay.map(({ atMs, irradiance }): SiteSample => ({ atMs: atMs + day * DAY_MS, irradiance })),
  );
  return siteOf(series, [...known, ...silent]);
}
