import type { Fleet, StationEnergy, StationPower } from '#contracts';
import { DAY_MS } from '#domain';
import { isoShanghai } from '../format/time.ts';
import type { CsvTable } from './csv.ts';
import type { BandSlot } from './dayCurve.ts';

/**
 * What the charts export: every digit that the server sent, power in kW and energy in kWh, each unit in the name of its
 * column, times as ISO in Asia/Shanghai. A program reads it, so nothing is rounded, grouped or stepped by size.
 */
const kilo = (value: number | null): number | null => (value === null ? null : value / 1000);
const withUnit = (name: string, unit: string): string => `${name} (${unit})`;

/** The city's day beside the day before and the band of what was to be expected; slots that the curve leaves out are empty here too. */
export function cityDayExport(
  days: {
    today: Fleet['curve']['slots'];
    yesterday: Fleet['curve']['slots'];
    band: readonly BandSlot[];
  },
  names: { time: string; today: string; yesterday: string; band: string; stations: string },
): CsvTable {
  const before = new Map(days.yesterday.map((slot) => [Date.parse(slot.startsAt) + DAY_MS, slot.powerW]));
  const expected = new Map(days.band.map((slot) => [slot.startsAt, slot]));
  return {
    columns: [
      names.time,
      withUnit(names.today, 'kW'),
      withUnit(names.yesterday, 'kW'),
      withUnit(`${names.band} min`, 'kW'),
      withUnit(`${names.band} max`, 'kW'),
      names.stations,
    ],
    rows: days.today.map((slot) => [
      isoShanghai(slot.startsAt),
      kilo(slot.powerW),
      kilo(before.get(Date.parse(slot.startsAt)) ?? null),
      kilo(expected.get(slot.startsAt)?.lowW ?? null),
      kilo(expected.get(slot.startsAt)?.highW ?? null),
      slot.stationsCounted,
    ]),
  };
}

type Quality = StationPower['slots'][number]['quality'];

/** A station's day beside its neighbours. */
export function stationDayExport(
  slots: StationPower['slots'],
  names: { time: string; own: string; median: string; energy: string; quality: string },
  qualityText: (quality: Quality) => string,
): CsvTable {
  return {
    columns: [
      names.time,
      withUnit(names.own, 'kW'),
      withUnit(names.median, 'kW'),
      withUnit(names.energy, 'kWh'),
      names.quality,
    ],
    rows: slots.map((slot) => [
      isoShanghai(slot.startsAt),
      kilo(slot.powerW),
      kilo(slot.peerPowerW),
      kilo(slot.energyWh),
      qualityText(slot.quality),
    ]),
  };
}

type EnergyItem = StationEnergy['items'][number];

/** Days or months of a station. */
export function energyExport(
  items: readonly EnergyItem[],
  names: {
    period: string;
    energy: string;
    hours: string;
    quality: string;
    daysCounted: string;
    days: string;
  },
  qualityText: (item: EnergyItem) => string,
): CsvTable {
  return {
    columns: [
      names.period,
      withUnit(names.energy, 'kWh'),
      withUnit(names.hours, 'h'),
      names.quality,
      names.daysCounted,
      names.days,
    ],
    rows: items.map((item) => [
      item.period,
      kilo(item.energyWh),
      item.fullLoadHours,
      qualityText(item),
      item.daysCounted,
      item.days,
    ]),
  };
}
