import type { ExpectedVerdict, StationSummary } from '#contracts';
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
  | 'verdict'
  | 'ratio'
  | 'lost'
  | 'capacity'
  | 'inverters'
  | 'measured',
  string
>;

const kilo = (value: number | null): number | null => (value === null ? null : value / 1000);

/** Yuan with two places as text: a spreadsheet reads it as the number that it is, to the fen. */
const yuanOf = (amountFen: string | null): string | null =>
  amountFen === null
    ? null
    : `${BigInt(amountFen) / 100n}.${(BigInt(amountFen) % 100n).toString().padStart(2, '0')}`;

/** The stations under the filters, every digit, units in the names of the columns. */
export function stationListExport(
  items: readonly StationSummary[],
  names: StationListNames,
  texts: {
    state: (state: StationSummary['state']) => string;
    verdict: (verdict: ExpectedVerdict) => string;
  },
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
      names.verdict,
      `${names.ratio} (1 = 100 %)`,
      `${names.lost} (CNY)`,
      `${names.capacity} (kW)`,
      names.inverters,
      names.measured,
    ],
    rows: items.map((item) => [
      item.code,
      item.name,
      `${item.countyName} ${item.townshipName}`,
      texts.state(item.state),
      kilo(item.powerW),
      kilo(item.todayWh),
      item.fullLoadHours,
      item.peerRatio,
      item.expected === null ? null : texts.verdict(item.expected.verdict),
      item.expected?.ratio ?? null,
      yuanOf(item.expected?.lostAmountFen ?? null),
      kilo(item.capacityW),
      `${item.invertersReporting}/${item.inverters}`,
      isoShanghai(item.measuredAt),
    ]),
  };
}
