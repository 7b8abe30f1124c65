import type { StationTrace } from '#contracts';
import { SHANGHAI_OFFSET_MS } from '#domain';
import { formatPower, joined, powerScale } from '../format/quantity.ts';
import { dateTime } from '../format/time.ts';
import type { ChartOption } from './echarts.ts';
import type { ChartColors } from './theme.ts';

/** Power of one device over days. The axis is moved to Shanghai time, as in the curve of a day; a gap stays a gap. */
export function traceOption(
  input: { points: StationTrace['points']; name: string },
  colors: ChartColors,
): ChartOption {
  const highestW = Math.max(0, ...input.points.map(({ powerW }) => powerW ?? 0));
  const { divisor, unit } = powerScale(highestW);
  const axisText = { color: colors.secondary, fontSize: 11 };
  return {
    useUTC: true,
    animation: false,
    textStyle: { fontFamily: colors.font },
    aria: { enabled: true },
    grid: { left: 48, right: 14, top: 24, bottom: 22 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: colors.surface,
      borderColor: colors.line,
      textStyle: { color: colors.text, fontSize: 12 },
      formatter: (items) => {
        const item = Array.isArray(items) ? items[0] : items;
        const point = item ? input.points[item.dataIndex] : undefined;
        return point ? `<b>${dateTime(point.at)}</b><br>${joined(formatPower(point.powerW))}` : '';
      },
    },
    xAxis: {
      type: 'time',
      axisLabel: { ...axisText, hideOverlap: true },
      axisLine: { lineStyle: { color: colors.line } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      name: unit,
      nameTextStyle: { ...axisText, align: 'right', padding: [0, 6, 0, 0] },
      splitNumber: 4,
      axisLabel: axisText,
      splitLine: { lineStyle: { color: colors.line } },
    },
    series: [
      {
        id: 'trace',
        name: input.name,
        type: 'line',
        connectNulls: false,
        symbol: 'none',
        lineStyle: { color: colors.accent, width: 1.2 },
        data: input.points.map(({ at, powerW }) => [
          Date.parse(at) + SHANGHAI_OFFSET_MS,
          powerW === null ? null : powerW / divisor,
        ]),
      },
    ],
  };
}
