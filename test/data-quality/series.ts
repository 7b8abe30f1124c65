import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { SHANGHAI_OFFSET_MS } from '#domain';

/**
 * Real series of `test/fixtures/pv`, and how each becomes a station.
 *
 * Time: the wall clock of the site is kept and read as Beijing time, and the place moves along its parallel by the same
 * whole hours, so that the sun stands over it as it did. A Shanghai day is then a day of the site.
 */
export interface SeriesDefinition {
  /** Code of the station. */
  code: string;
  file: string;
  columns: { time: string; power?: string; energy?: string; label?: string };
  /** What one unit of the power column is in watts. */
  unitW: number;
  /** In words, for the page. */
  unit: string;
  zone: string;
  ratedPowerW: number;
  /** After the move in longitude. Where the site is not known, the longitude is that of the middle of its days. */
  place: { latitudeDeg: number; longitudeDeg: number };
  isPlaceKnown: boolean;
  /** Only rows with this text in this column. */
  only?: { column: string; is: string };
  /** Stamps are in UTC: hours from UTC to the wall clock of the site. */
  utcToSiteHours?: number;
}

/** One row of a series, as it goes over the wire. */
export interface SeriesPoint {
  atMs: number;
  /** In the unit of the file; null where the cell is empty. */
  power: number | null;
  /** Lifetime counter, kWh. */
  energyKwh: number | null;
  isLabelled: boolean;
}

const FOLDER = join(import.meta.dirname, '../fixtures/pv');
const rowsSchema = z.array(z.record(z.string(), z.string()));

/** The points of a file, in order of time; rows without a time are left out. */
export function readSeries(definition: SeriesDefinition): SeriesPoint[] {
  const text = readFileSync(join(FOLDER, definition.file), 'utf8');
  const rows = rowsSchema.parse(parse(text, { columns: true, skip_empty_lines: true }));
  const { columns, only } = definition;
  return rows
    .filter((row) => !only || row[only.column] === only.is)
    .flatMap((row): SeriesPoint[] => {
      const atMs = wallClockMs(row[columns.time] ?? '', definition.utcToSiteHours ?? 0);
      if (atMs === null) return [];
      return [
        {
          atMs,
          power: columns.power === undefined ? null : numberOf(row[columns.power]),
          energyKwh: columns.energy === undefined ? null : numberOf(row[columns.energy]),
          isLabelled: columns.label !== undefined && row[columns.label]?.toLowerCase() === 'true',
        },
      ];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

const numberOf = (cell: string | undefined) => (cell === undefined || cell === '' ? null : Number(cell));

/** The wall clock of a stamp, read as Beijing time, whatever zone it names. */
function wallClockMs(stamp: string, addHours: number): number | null {
  const iso = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})/.exec(stamp);
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})/.exec(stamp);
  const [year, month, day, hour, minute] = iso
    ? iso.slice(1, 6).map(Number)
    : american
      ? [american[3], american[1], american[2], american[4], american[5]].map(Number)
      : [];
  if (year === undefined || month === undefined || minute === undefined) return null;
  return Date.UTC(year, month - 1, day, (hour ?? 0) + addHours, minute) - SHANGHAI_OFFSET_MS;
}

/** National Renewable Energy Laboratory in Golden, Colorado: 39.74 N, 105.17 W, ten minutes of arc west of its zone. */
const GOLDEN = { latitudeDeg: 39.74, longitudeDeg: 120 - 0.17 };
const NREL_CLOCK = 'wall clock of Golden, Colorado (UTC-7)';
const MEGAWATT = { unit: 'share of rated, sent as MW of 1 MW', unitW: 1_000_000, ratedPowerW: 1_000_000 };
const PLAIN = { time: 'timestamp', power: 'value_normalized' };
const INV_2173 = {
  ...MEGAWATT,
  zone: 'stamped UTC, but the sun is up from 7:30 to 16:45: taken as the wall clock of the site',
  place: { latitudeDeg: 38, longitudeDeg: 120 },
  isPlaceKnown: false,
};
const INV_7539 = {
  ...MEGAWATT,
  zone: 'stamped UTC, but the sun is up from 6:00 to 19:30: taken as the wall clock of the site',
  place: { latitudeDeg: 38, longitudeDeg: 109.5 },
  isPlaceKnown: false,
};
const GOLDEN_WATTS = { unit: 'W', unitW: 1, zone: NREL_CLOCK, place: GOLDEN, isPlaceKnown: true };
const PACIFIC = { unit: 'kW', unitW: 1000, utcToSiteHours: -8, isPlaceKnown: false };
const PACIFIC_ZONE = 'stamped UTC; moved to UTC-8, where its noon is at 12';
const SITE_COLUMNS = { time: 'ts_utc', power: 'ac_power_kw' };

export const SERIES: readonly SeriesDefinition[] = [
  {
    ...INV_2173,
    code: 'DQ01',
    file: 'pvanalytics/ac_power_inv_2173_stale_data.csv',
    columns: { ...PLAIN, label: 'stale_data_mask' },
  },
  {
    ...INV_2173,
    code: 'DQ02',
    file: 'pvanalytics/ac_power_inv_2173_interpolated_data.csv',
    columns: { ...PLAIN, label: 'interpolated_data_mask' },
  },
  {
    ...INV_7539,
    code: 'DQ03',
    file: 'pvanalytics/ac_power_inv_7539.csv',
    columns: { ...PLAIN, label: 'label' },
  },
  {
    ...INV_7539,
    code: 'DQ04',
    file: 'pvanalytics/ac_power_inv_7539_outliers.csv',
    columns: { ...PLAIN, label: 'outlier' },
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ05',
    file: 'pvanalytics/serf_east_15min_ac_power.csv',
    columns: { time: 'measured_on', power: 'ac_power' },
    ratedPowerW: 6000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ06',
    file: 'pvanalytics/serf_east_1min_ac_power.csv',
    columns: { time: 'measured_on', power: 'ac_power__752' },
    ratedPowerW: 6000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ07',
    file: 'pvanalytics/serf_west_15min.csv',
    columns: { time: '', power: 'ac_power__773' },
    zone: `no zone in the file: ${NREL_CLOCK}`,
    ratedPowerW: 6000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ08',
    file: 'pvanalytics/nrel_RSF_II.csv',
    columns: { time: '', power: 'ac_power_kw_1137' },
    unit: 'kW',
    unitW: 1000,
    zone: `no zone in the file: ${NREL_CLOCK}`,
    ratedPowerW: 408_000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ09',
    file: 'pvanalytics/nrel_RSF_II.csv',
    columns: { time: '', power: 'inv2_ac_power_w__1047' },
    zone: `no zone in the file: ${NREL_CLOCK}`,
    ratedPowerW: 135_000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ10',
    file: 'pvanalytics/nrel_1axis_tracker_mesa_ac_power.csv',
    columns: { time: 'measured_on', power: 'ac_power' },
    unit: 'not said; sent as kW',
    unitW: 1000,
    zone: 'wall clock of Golden in summer time (UTC-6)',
    place: { latitudeDeg: 39.74, longitudeDeg: 105 - 0.17 },
    ratedPowerW: 400_000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ11',
    file: 'pvanalytics/snow_data.csv',
    columns: { time: 'Timestamp', power: 'INV1 AC Power [kW]' },
    unit: 'kW (in the heading of the column)',
    unitW: 1000,
    zone: 'no zone in the file: wall clock of the site',
    isPlaceKnown: false,
    ratedPowerW: 40_000,
  },
  {
    ...GOLDEN_WATTS,
    code: 'DQ12',
    file: 'pvanalytics/system_50_ac_power_2_DST_excerpt.csv',
    columns: { time: 'measured_on', power: 'ac_power_2' },
    unit: 'kW as the source says (it looks like W; no rule depends on it)',
    unitW: 1000,
    zone: `${NREL_CLOCK} as stamped; in truth it follows summer time`,
    ratedPowerW: 3_300_000,
  },
  {
    code: 'DQ13',
    file: 'pvops/example_perf_data.csv',
    columns: { time: 'Date', power: 'AC_POWER', energy: 'energy_delivered' },
    unit: 'kW; counter in kWh',
    unitW: 1000,
    zone: 'no zone in the file: wall clock of the site',
    place: { latitudeDeg: 38, longitudeDeg: 108 },
    isPlaceKnown: false,
    ratedPowerW: 475_000,
  },
  {
    code: 'DQ14',
    file: 'pvops/example_prod_data_cumE2.csv',
    columns: { time: 'Date', energy: 'Energy' },
    only: { column: 'randid', is: 'R23' },
    unit: 'counter in kWh, hourly',
    unitW: 1000,
    zone: 'no zone in the file: wall clock of the site',
    place: { latitudeDeg: 38, longitudeDeg: 108 },
    isPlaceKnown: false,
    ratedPowerW: 2_500_000,
  },
  {
    ...PACIFIC,
    code: 'DQ15',
    file: 'solar-data-tools/site_a_7kw_5min.csv',
    columns: SITE_COLUMNS,
    zone: PACIFIC_ZONE,
    place: { latitudeDeg: 36, longitudeDeg: 121 },
    ratedPowerW: 7000,
  },
  {
    ...PACIFIC,
    code: 'DQ16',
    file: 'solar-data-tools/site_b_27k6_5min.csv',
    columns: SITE_COLUMNS,
    zone: PACIFIC_ZONE,
    place: { latitudeDeg: 36, longitudeDeg: 121 },
    ratedPowerW: 27_600,
  },
];
