import type { AllocationRunView } from '#contracts';
import type { CsvTable } from '../../../charts/csv.ts';

type RunVillage = AllocationRunView['villages'][number];

/** States of a run as chips and tags show them. */
export const RUN_STATES = ['proposed', 'approved', 'voided'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Sums of the columns of a run, fen. `isWhole` is checked here once more: what is shown sums to the total of the run. */
export function sumsOf(run: Pick<AllocationRunView, 'villages' | 'totalFen'>) {
  const sum = (read: (village: RunVillage) => string | null) =>
    String(run.villages.reduce((fen, village) => fen + BigInt(read(village) ?? '0'), 0n));
  const amountFen = sum((village) => village.amountFen);
  return {
    beforeFen: sum((village) => village.beforeFen),
    amountFen,
    differenceFen: sum((village) => village.differenceFen),
    costFen: sum((village) => village.costFen),
    netFen: sum((village) => village.netFen),
    floorFen: sum((village) => village.floorFen),
    isWhole: amountFen === run.totalFen,
  };
}

/** Yuan with both decimals as plain text, which a spreadsheet reads as the number that it is. */
export function plainYuan(amountFen: string): string {
  const fen = BigInt(amountFen);
  const size = fen < 0n ? -fen : fen;
  return `${fen < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`;
}

/** Names of the columns of an exported run. */
export type RunColumns = Record<
  'village' | 'code' | 'before' | 'amount' | 'difference' | 'cost' | 'net' | 'floor',
  string
>;

/** Villages of a run as a table for a file, with the total in the last row. */
export function runExport(run: AllocationRunView, names: RunColumns, total: string): CsvTable {
  const sums = sumsOf(run);
  const row = (code: string, name: string, fen: Omit<RunVillage, 'villageCode' | 'villageName'>) => [
    code,
    name,
    fen.beforeFen === null ? null : plainYuan(fen.beforeFen),
    plainYuan(fen.amountFen),
    plainYuan(fen.differenceFen),
    plainYuan(fen.costFen),
    plainYuan(fen.netFen),
    plainYuan(fen.floorFen),
  ];
  return {
    columns: [
      names.code,
      names.village,
      ...[names.before, names.amount, names.difference, names.cost, names.net, names.floor].map(
        (name) => `${name} (CNY)`,
      ),
    ],
    rows: [
      ...run.villages.map((village) => row(village.villageCode, village.villageName, village)),
      row('', total, sums),
    ],
  };
}

/** Decimal text of an exact fraction of fen as yuan, cut (not rounded) after six places; for reading, never for sums. */
export function fractionYuan(fraction: string): string {
  const [numerator = '0', denominator = '1'] = fraction.split('/');
  const PLACES = 1_000_000n;
  const scaled = (BigInt(numerator) * PLACES) / (BigInt(denominator) * 100n);
  const sign = scaled < 0n ? '-' : '';
  const size = scaled < 0n ? -scaled : scaled;
  return `${sign}${size / PLACES}.${String(size % PLACES).padStart(6, '0')}`;
}
