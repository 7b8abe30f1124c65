import type { StatementList, StationMatchList } from '#contracts';
import type { CsvTable } from '../../../charts/csv.ts';
import { bookFenTyped } from './gridMoney.ts';
import { totalsOf } from './paperWords.ts';

type Translate = (key: string) => string;
/** For a file only: a spreadsheet calculates with floats, and shows fifteen digits of them as they were. */
const yuanCell = (amountFen: string | null) => (amountFen === null ? null : Number(bookFenTyped(amountFen)));
const kwhCell = (energyWh: string | null) => {
  if (energyWh === null) return null;
  const digits = energyWh.replace('-', '').padStart(4, '0');
  return Number(`${energyWh.startsWith('-') ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`);
};

/** Statements of a page as a sheet, in yuan and kWh. */
export function statementSheet({ items }: StatementList, t: Translate): CsvTable {
  const names = [
    'month',
    'stationCode',
    'station',
    'account',
    'componentLabel',
    'kwh',
    'amount',
    'received',
    'open',
  ];
  return {
    columns: [...names, 'version', 'invoiceNo', 'from'].map((name) => t(`paper.${name}`)),
    rows: items.map((item) => [
      item.month,
      item.stationCode,
      item.stationName,
      item.accountNo,
      item.component,
      kwhCell(item.energyWh),
      yuanCell(item.amountFen),
      yuanCell(item.receivedFen),
      yuanCell(item.openFen),
      `v${item.version}${item.kind === 'reversal' ? '-' : ''}`,
      item.invoiceNo,
      item.fileName,
    ]),
  };
}

/** Station-months of a county as a sheet, in yuan and kWh; unknown is empty. */
export function matchSheet({ items, month }: StationMatchList, t: Translate): CsvTable {
  const names = [
    'month',
    'stationCode',
    'station',
    'state',
    'telemetryKwh',
    'statementKwh',
    'amount',
    'expected',
  ];
  return {
    columns: [...names, 'received', 'open', 'age'].map((name) => t(`paper.${name}`)),
    rows: items.map((item) => {
      const { statedFen, expectedFen, receivedFen, openFen, ageDays } = totalsOf(item);
      return [
        month,
        item.stationCode,
        item.stationName,
        t(`paper.matchState.${item.state}`),
        kwhCell(item.meteredWh),
        kwhCell(item.statedWh),
        yuanCell(statedFen),
        yuanCell(expectedFen),
        yuanCell(receivedFen),
        yuanCell(openFen),
        ageDays,
      ];
    }),
  };
}
