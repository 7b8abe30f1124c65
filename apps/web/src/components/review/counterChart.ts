import { SHANGHAI_OFFSET_MS } from '#domain';
import type { ChartOption } from '../../charts/echarts.ts';
import type { ChartColors } from '../../charts/theme.ts';
import { dateTime, hourMinute } from '../../format/time.ts';
import { exactKwh } from './reviewWords.ts';

export interface CounterChartInput {
  readings: readonly { measuredAt: string; totalWh: number | null }[];
  /** Instant of the anomaly. */
  at: string;
  labels: { counter: string; event: string };
}

const KWH_WH = 1000;
const onAxis = (ms: number): number => ms + SHANGHAI_OFFSET_MS;

/**
 * Raw values of a counter around an anomaly, in kWh. Every reading is a point, because a single one may be the matter;
 * a reading without a counter is a gap. The axis is UTC moved by the offset of Shanghai, as in the curves.
 */
export function counterChartOption(input: CounterChartInput, colors: ChartColors): ChartOption {
  const { readings, at, labels } = input;
  const eventMs = Date.parse(at);
  const event = readings.find(({ measuredAt }) => Date.parse(measuredAt) >= eventMs);
  const axisText = { color: colors.secondary, fontSize: 11 };
  return {
    useUTC: true,
    animation: false,
    textStyle: { fontFamily: colors.font },
    aria: { enabled: true },
    grid: { left: 76, right: 16, top: 26, bottom: 24 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: colors.surface,
      borderColor: colors.line,
      padding: [6, 10],
      textStyle: { color: colors.text, fontSize: 12 },
      axisPointer: { type: 'line', lineStyle: { color: colors.secondary, width: 1 } },
      formatter: (items) => {
        const item = Array.isArray(items) ? items[0] : items;
        const reading = item ? readings[item.dataIndex] : undefined;
        if (!reading) return '';
        return `<b>${dateTime(reading.measuredAt)}</b><br>${labels.counter} ${exactKwh(reading.totalWh)}`;
      },
    },
    xAxis: {
      type: 'time',
      min: 'dataMin',
      max: 'dataMax',
      splitNumber: 5,
      axisLabel: {
        ...axisText,
        formatter: (value: number) => hourMinute(value - SHANGHAI_OFFSET_MS),
        hideOverlap: true,
      },
      axisLine: { lineStyle: { color: colors.line } },
      axisTick: { lineStyle: { color: colors.line } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      scale: true,
      name: 'kWh',
      nameGap: 8,
      nameTextStyle: { ...axisText, align: 'right', padding: [0, 6, 0, 0] },
      splitNumber: 4,
      axisLabel: { ...axisText, hideOverlap: true },
      splitLine: { lineStyle: { color: colors.line } },
    },
    series: [
      {
        id: 'counter',
        name: labels.counter,
        type: 'line',
        connectNulls: false,
        showAllSymbol: true,
        lineStyle: { color: colors.accent, width: 1.5 },
        itemStyle: { color: colors.accent },
        emphasis: { disabled: true },
        data: readings.map((reading) => ({
          value: [
            onAxis(Date.parse(reading.measuredAt)),
            reading.totalWh === null ? null : reading.totalWh / KWH_WH,
          ],
          symbol: reading === event ? 'diamond' : 'circle',
          symbolSize: reading === event ? 12 : 5,
        })),
        markLine: {
          silent: true,
          animation: false,
          symbol: 'none',
          label: { formatter: labels.event, color: colors.secondary, fontSize: 11 },
          lineStyle: { color: colors.secondary, type: 'dotted', width: 1 },
          data: [{ name: labels.event, xAxis: onAxis(eventMs) }],
        },
      },
    ],
  };
}
