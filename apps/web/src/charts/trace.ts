import type { StationTrace } from '#contracts';
import { SHANGHAI_OFFSET_MS } from '#domain';
import { formatPower, joined, powerScale } from '../format/quantity.ts';
import { dateTime } from '../format/time.ts';
import type { ChartOption } from './echarts.ts';
import { frame, timeAxis, tipAt, valueAxis } from './frame.ts';
import type { ChartColors } from './theme.ts';

/** Power of one device over days. The axis is moved to Shanghai time, as in the curve of a day; a gap stays a gap. */
export function traceOption(
  input: { points: StationTrace['points']; name: string },
  colors: ChartColors,
): ChartOption {
  const highestW = Math.max(0, ...input.points.map(({ powerW }) => powerW ?? 0));
  const { divisor, unit } = powerScale(highestW);
  return {
    useUTC: true,
    ...frame(colors),
    tooltip: tipAt(colors, (index) => {
      const point = input.points[index];
      return point ? `<b>${dateTime(point.at)}</b><br>${joined(formatPower(point.powerW))}` : '';
    }),
    xAxis: timeAxis(colors),
    yAxis: valueAxis(colors, { unit, isFree: true }),
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
