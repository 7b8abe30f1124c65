import type { ChartOption } from './echarts.ts';
import type { ChartColors } from './theme.ts';

/** What every chart of the pages is drawn in: font, room, tooltip and axes. The builders add what they show. */

/** Left and right room of the drawing, px; what stands under a chart on its axis uses the same. */
export const CURVE_LEFT_PX = 48;
export const CURVE_RIGHT_PX = 14;

const axisText = (colors: ChartColors) => ({ color: colors.secondary, fontSize: 11 });

/** Nothing moves by itself; a screen reader gets a description. */
export const frame = (colors: ChartColors) =>
  ({
    animation: false,
    textStyle: { fontFamily: colors.font },
    aria: { enabled: true },
    grid: { left: CURVE_LEFT_PX, right: CURVE_RIGHT_PX, top: 24, bottom: 22 },
  }) satisfies ChartOption;

/** A tooltip of all lines at one place of the axis. */
export const axisTip = (colors: ChartColors) =>
  ({
    trigger: 'axis',
    confine: true,
    backgroundColor: colors.surface,
    borderColor: colors.line,
    padding: [6, 10],
    textStyle: { color: colors.text, fontSize: 12 },
  }) satisfies ChartOption['tooltip'];

/** The same with the text of the place that is pointed at, by its index. */
export const tipAt = (colors: ChartColors, textAt: (index: number) => string) =>
  ({
    ...axisTip(colors),
    formatter: (items) => {
      const index = Array.isArray(items) ? items[0]?.dataIndex : items.dataIndex;
      return index === undefined ? '' : textAt(index);
    },
  }) satisfies ChartOption['tooltip'];

/** The axis of days, quarter hours or samples as the server names them. */
export const categoryAxis = (
  colors: ChartColors,
  data: string[],
  label: { interval?: number; formatter?: (text: string) => string } = {},
) =>
  ({
    type: 'category',
    data,
    axisLabel: { ...axisText(colors), hideOverlap: true, ...label },
    axisLine: { lineStyle: { color: colors.line } },
    axisTick: { show: false },
  }) satisfies ChartOption['xAxis'];

/** The axis of instants, which are moved to read as Shanghai time. */
export const timeAxis = (colors: ChartColors, formatter?: (value: number) => string) =>
  ({
    type: 'time',
    axisLabel: { ...axisText(colors), hideOverlap: true, ...(formatter ? { formatter } : {}) },
    axisLine: { lineStyle: { color: colors.line } },
    axisTick: { lineStyle: { color: colors.line } },
    splitLine: { show: false },
  }) satisfies ChartOption['xAxis'];

/** The axis of values from zero, with its unit over it; `isFree` lets it begin where the values do. */
export const valueAxis = (colors: ChartColors, options: { unit?: string; isFree?: boolean } = {}) =>
  ({
    type: 'value',
    ...(options.isFree ? {} : { min: 0 }),
    ...(options.unit === undefined ? {} : { name: options.unit }),
    nameGap: 8,
    nameTextStyle: { ...axisText(colors), align: 'right', padding: [0, 6, 0, 0] },
    splitNumber: 4,
    axisLabel: axisText(colors),
    splitLine: { lineStyle: { color: colors.line } },
  }) satisfies ChartOption['yAxis'];
