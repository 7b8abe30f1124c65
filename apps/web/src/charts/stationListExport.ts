import type { StationSummary } from '#contracts';
import { isoShanghai } from '../format/time.ts';
import type { CsvTable } from './csv.ts';

/** Names of the columns of an exported station list, as the table on the screen has them. */
export type StationListNames = Record<
  | 'code'
  | 'name'
  | 'place'
  | 'state'
  | 'power'
  | 'today'
  | 'hours'
  | 'peer'
  | 'capacity'
  | 'inverters'
  | 'measured',
  string
>;

const kilo = (value: number | null): number | null => (value === null ? null : value / 1000);

/** The stations under the filters, every digit, units in the names of the columns. */
export function stationListExport(
  items: readonly StationSummary[],
  names: StationListNames,
  stateText: (state: StationSummary['state']) => string,
): CsvTable {
  return {
    columns: [
      names.code,
      names.name,
      names.place,
      names.state,
      `${names.power} (kW)`,
      `${names.today} (kWh)`,
      `${names.hours} (h)`,
      `${names.peer} (1 = 100 %)`,
      `${names.capacity} (kW)`,
      names.inverters,
      names.measured,
    ],
    rows: items.map((item) => [
      item.code,
      item.name,
      `${item.countyName} ${item.townshipName}`,
      stateText(item.state),
      kilo(item.powerW),
      kilo(item.todayWh),
      item.fullLoadHours,
      item.peerRatio,
      kilo(item.capacityW),
      `${item.invertersReporting}/${item.inverters}`,
      isoShanghai(item.measuredAt),
    ]),
  };
}
