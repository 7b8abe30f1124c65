import type { AlarmDetail } from '#contracts';
import type { ChartOption } from '../../charts/echarts.ts';
import { axisTip, categoryAxis, frame, valueAxis } from '../../charts/frame.ts';
import type { ChartColors } from '../../charts/theme.ts';
import { dateTime } from '../../format/time.ts';

const HOLE_MS = 30 * 60_000;

/** What was seen, with a hole where nothing was, and the limit as a dashed line. The axis has the server's own times. */
export function evidenceOption(
  samples: AlarmDetail['samples'],
  labels: { seen: string; limit: string; unit: string },
  colors: ChartColors,
): ChartOption {
  const points: { at: string; seen: number | null; limit: number | null }[] = [];
  for (const sample of samples) {
    const last = points.at(-1);
    if (last && Date.parse(sample.at) - Date.parse(last.at) > HOLE_MS)
      points.push({ at: sample.at, seen: null, limit: null });
    points.push(sample);
  }
  return {
    ...frame(colors),
    tooltip: axisTip(colors),
    xAxis: categoryAxis(
      colors,
      points.map(({ at }) => dateTime(at)),
      { formatter: (text) => text.slice(5, 16) },
    ),
    yAxis: valueAxis(colors, { unit: labels.unit, isFree: true }),
    series: [
      {
        id: 'seen',
        name: labels.seen,
        type: 'line',
        showSymbol: points.length < 30,
        symbolSize: 4,
        connectNulls: false,
        lineStyle: { color: colors.accent, width: 2 },
        itemStyle: { color: colors.accent },
        data: points.map(({ seen }) => seen),
      },
      {
        id: 'limit',
        name: labels.limit,
        type: 'line',
        showSymbol: false,
        connectNulls: false,
        lineStyle: { color: colors.secondary, width: 1, type: 'dashed' },
        itemStyle: { color: colors.secondary },
        data: points.map(({ limit }) => limit),
      },
    ],
  };
}
