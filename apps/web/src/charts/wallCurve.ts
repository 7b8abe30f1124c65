import { QUARTER_HOUR_MS, SHANGHAI_OFFSET_MS } from '#domain';
import { powerScale } from '../format/quantity.ts';
import { hourMinute } from '../format/time.ts';
import type { ChartOption } from './echarts.ts';
import type { ChartColors } from './theme.ts';

/** A quarter hour of the big screen's curve; null is unknown. */
interface WallCurveSlot {
  startsAt: string;
  powerW: number | null;
  lowPowerW: number | null;
  highPowerW: number | null;
}
export interface WallCurveInput {
  slots: readonly WallCurveSlot[];
  sunriseAt: string;
  sunsetAt: string;
  /** Gaps to hatch, epoch ms. */
  gaps: readonly (readonly [number, number])[];
  nowMs: number | null;
  names: { measured: string; expected: string };
}

const HOUR_MS = 3_600_000;
/** Room before sunrise and after sunset, so that the curve begins and ends on the axis. */
const TWILIGHT_MS = HOUR_MS / 2;
const TEXT_PX = 20;

/** The axis is UTC; instants are moved to read as Shanghai time in any browser. */
const onAxis = (ms: number): number => ms + SHANGHAI_OFFSET_MS;
const middleOf = (startsAt: string): number => onAxis(Date.parse(startsAt) + QUARTER_HOUR_MS / 2);

/** Whole hours around the light of the day, on the axis. */
export function lightSpan(sun: Pick<WallCurveInput, 'sunriseAt' | 'sunsetAt'>): [number, number] {
  return [
    Math.floor(onAxis(Date.parse(sun.sunriseAt) - TWILIGHT_MS) / HOUR_MS) * HOUR_MS,
    Math.ceil(onAxis(Date.parse(sun.sunsetAt) + TWILIGHT_MS) / HOUR_MS) * HOUR_MS,
  ];
}

type AreaMark = [{ xAxis: number; itemStyle: { color: ChartColors['hatch'] } }, { xAxis: number }];

function marks(input: WallCurveInput, colors: ChartColors) {
  const [from, to] = lightSpan(input);
  const area = (range: readonly [number, number], color: ChartColors['hatch']): AreaMark => [
    { xAxis: range[0], itemStyle: { color } },
    { xAxis: range[1] },
  ];
  return {
    markArea: {
      silent: true,
      animation: false,
      label: { show: false },
      data: [
        area([from, onAxis(Date.parse(input.sunriseAt))], colors.night),
        area([onAxis(Date.parse(input.sunsetAt)), to], colors.night),
        ...input.gaps.map(([start, end]) => area([onAxis(start), onAxis(end)], colors.hatch)),
      ],
    },
    markLine: {
      silent: true,
      animation: false,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: colors.secondary, type: 'dotted' as const, width: 2 },
      data: input.nowMs === null ? [] : [{ xAxis: onAxis(input.nowMs) }],
    },
  };
}

/** The expected band is the low end, not drawn, with the rest to the high end stacked on it. */
function bandSeries(input: WallCurveInput, divisor: number, colors: ChartColors) {
  const common = {
    type: 'line' as const,
    stack: 'expected',
    stackStrategy: 'all' as const,
    symbol: 'none',
    silent: true,
    connectNulls: false,
    lineStyle: { opacity: 0 },
    z: 1,
  };
  return [
    {
      ...common,
      id: 'low',
      data: input.slots.map(({ startsAt, lowPowerW }) => [
        middleOf(startsAt),
        lowPowerW === null ? null : lowPowerW / divisor,
      ]),
    },
    {
      ...common,
      id: 'band',
      name: input.names.expected,
      areaStyle: { color: colors.peer, opacity: 0.3 },
      data: input.slots.map(({ startsAt, lowPowerW, highPowerW }) => [
        middleOf(startsAt),
        lowPowerW === null || highPowerW === null ? null : (highPowerW - lowPowerW) / divisor,
      ]),
    },
  ];
}

/** Option of the big screen's curve: nothing moves by itself, nothing is shown on hover only. Pure. */
export function wallCurveOption(input: WallCurveInput, colors: ChartColors): ChartOption {
  const highestW = Math.max(
    0,
    ...input.slots.flatMap(({ powerW, highPowerW }) => [powerW ?? 0, highPowerW ?? 0]),
  );
  const { divisor, unit } = powerScale(highestW);
  const [min, max] = lightSpan(input);
  const axisText = { color: colors.secondary, fontSize: TEXT_PX };
  return {
    useUTC: true,
    animation: false,
    textStyle: { fontFamily: colors.font },
    aria: { enabled: true },
    grid: { left: 66, right: 34, top: 40, bottom: 40 },
    xAxis: {
      type: 'time',
      min,
      max,
      minInterval: 2 * HOUR_MS,
      maxInterval: 2 * HOUR_MS,
      axisLabel: {
        ...axisText,
        formatter: (value: number) => hourMinute(value - SHANGHAI_OFFSET_MS),
        hideOverlap: true,
      },
      axisLine: { lineStyle: { color: colors.peer } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      name: unit,
      nameGap: 14,
      nameTextStyle: { ...axisText, align: 'right', padding: [0, 8, 0, 0] },
      splitNumber: 3,
      axisLabel: axisText,
      splitLine: { lineStyle: { color: colors.line } },
    },
    series: [
      ...bandSeries(input, divisor, colors),
      {
        id: 'measured',
        name: input.names.measured,
        type: 'line',
        symbol: 'none',
        silent: true,
        connectNulls: false,
        z: 3,
        lineStyle: { color: colors.accent, width: 4 },
        data: input.slots.map(({ startsAt, powerW }) => [
          middleOf(startsAt),
          powerW === null ? null : powerW / divisor,
        ]),
        ...marks(input, colors),
      },
    ],
  };
}
