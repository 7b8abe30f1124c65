import type { StationCompare, StationReadings, StationTrace } from '#contracts';
import { DAY_MS, dayStartMs, QUARTER_HOUR_MS } from '#domain';
import { isoShanghai } from '../format/time.ts';
import type { CsvTable } from './csv.ts';

const kilo = (value: number | null): number | null => (value === null ? null : value / 1000);
const joinedList = (values: (number | null)[] | null): string | null =>
  values === null ? null : values.map((value) => value ?? '').join(' ');

type ReadingItem = StationReadings['items'][number];

/** Readings with every field; the names are those of the protocol, for programs. */
export function readingsExport(
  items: readonly ReadingItem[],
  flagText: (flag: ReadingItem['flags'][number]) => string,
): CsvTable {
  return {
    columns: [
      'measured_at',
      'received_at',
      'device',
      'active_power (kW)',
      'energy_total (kWh)',
      'energy_day (kWh)',
      'temperature (°C)',
      'frequency (Hz)',
      'line_voltages (V)',
      'phase_currents (A)',
      'string_currents (A)',
      'status',
      'fault_code',
      'seq',
      'flags',
    ],
    rows: items.map((item) => [
      isoShanghai(item.measuredAt),
      isoShanghai(item.receivedAt),
      item.deviceCode,
      kilo(item.powerW),
      kilo(item.energyTotalWh),
      kilo(item.energyDayWh),
      item.temperatureC,
      item.frequencyHz,
      joinedList(item.lineVoltagesV),
      joinedList(item.phaseCurrentsA),
      joinedList(item.stringCurrentsA),
      item.status,
      item.faultCode,
      item.seq,
      item.flags.map(flagText).join(' '),
    ]),
  };
}

/** The trace of a device as it is drawn. */
export function traceExport(
  points: StationTrace['points'],
  names: { time: string; power: string },
): CsvTable {
  return {
    columns: [names.time, `${names.power} (kW)`],
    rows: points.map(({ at, powerW }) => [isoShanghai(at), kilo(powerW)]),
  };
}

/** Output over installed power of each station by quarter hour. */
export function comparePowerExport(compare: StationCompare, time: string): CsvTable {
  const startMs = dayStartMs(compare.day);
  return {
    columns: [time, ...compare.stations.map(({ name, code }) => `${name} ${code} (kW/kW)`)],
    rows: Array.from({ length: DAY_MS / QUARTER_HOUR_MS }, (_, slot) => [
      isoShanghai(startMs + slot * QUARTER_HOUR_MS),
      ...compare.stations.map(({ powerShare }) => powerShare[slot] ?? null),
    ]),
  };
}

/** Full-load hours of each station by day. */
export function compareHoursExport(compare: StationCompare, day: string): CsvTable {
  return {
    columns: [day, ...compare.stations.map(({ name, code }) => `${name} ${code} (h)`)],
    rows: compare.days.map((each, index) => [
      each,
      ...compare.stations.map(({ hours }) => hours[index] ?? null),
    ]),
  };
}
