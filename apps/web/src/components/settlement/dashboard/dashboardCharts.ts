import type { SettlementDashboard } from '#contracts';
import type { CsvTable } from '../../../charts/csv.ts';
import type { ChartOption } from '../../../charts/echarts.ts';
import { categoryAxis, frame, tipAt, valueAxis } from '../../../charts/frame.ts';
import type { ChartColors } from '../../../charts/theme.ts';
import { bookedYuan } from '../../../format/money.ts';
import { plainYuan } from '../runs/runWords.ts';

/** Fen as a height of a chart, 万元; the exact amount is in the tooltip and the table. Null is no bar. */
const FEN_PER_STEP = 1_000_000;
const heightOf = (amountFen: string | null) => (amountFen === null ? '-' : Number(amountFen) / FEN_PER_STEP);

interface Line {
  name: string;
  color: string;
  values: readonly (string | null)[];
  /** Bars of one stack stand on each other. */
  stack?: string;
}

/** Bars over categories, with the exact amounts where one points. */
function barsOption(
  input: { categories: string[]; lines: readonly Line[]; unit: string; room?: number },
  colors: ChartColors,
): ChartOption {
  return {
    ...frame(colors),
    grid: { left: 56, right: 14, top: 26, bottom: input.room ?? 24 },
    tooltip: {
      ...tipAt(colors, (index) =>
        [
          `<b>${input.categories[index] ?? ''}</b>`,
          ...input.lines.map(({ name, values }) => `${name} ${bookedYuan(values[index] ?? null)}`),
        ].join('<br>'),
      ),
      axisPointer: { type: 'shadow', shadowStyle: { color: colors.night } },
    },
    xAxis: categoryAxis(colors, input.categories),
    yAxis: valueAxis(colors, { unit: input.unit }),
    series: input.lines.map(({ name, color, values, stack }) => ({
      id: name,
      name,
      type: 'bar',
      barMaxWidth: 26,
      barGap: '10%',
      ...(stack === undefined ? {} : { stack }),
      itemStyle: { color },
      data: values.map(heightOf),
    })),
  };
}

/** A chart with the same numbers as a table to read and as a file. */
export interface MoneyChart {
  option: ChartOption;
  columns: string[];
  rows: string[][];
  csv: CsvTable;
}

/** Lines over categories as a chart, a table and a file. */
export function moneyChart(
  input: { head: string; categories: string[]; lines: readonly Line[]; unit: string },
  colors: ChartColors,
): MoneyChart {
  const { head, categories, lines } = input;
  const cells = (write: (amountFen: string | null) => string | null) =>
    categories.map((category, index) => [
      category,
      ...lines.map(({ values }) => write(values[index] ?? null)),
    ]);
  return {
    option: barsOption(input, colors),
    columns: [head, ...lines.map(({ name }) => name)],
    rows: cells(bookedYuan).map((row) => row.map((cell) => cell ?? '')),
    csv: {
      columns: [head, ...lines.map(({ name }) => `${name} (CNY)`)],
      rows: cells((amountFen) => (amountFen === null ? null : plainYuan(amountFen))),
    },
  };
}

/** Part of the largest figure, per cent, for bars of plain HTML; what is not known has none. */
export function widthOf(amountFen: string | null, largestFen: bigint): number {
  if (amountFen === null || largestFen <= 0n) return 0;
  const part = Number((BigInt(amountFen) * 1000n) / largestFen) / 10;
  return Math.max(0, Math.min(100, part));
}

export const largestOf = (funnel: SettlementDashboard['funnel']): bigint =>
  funnel.reduce((most, { amountFen }) => {
    const fen = BigInt(amountFen ?? '0');
    return fen > most ? fen : most;
  }, 0n);
