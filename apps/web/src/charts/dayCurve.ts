import { DAY_MS, QUARTER_HOUR_MS, SHANGHAI_OFFSET_MS, dayStartMs } from '#domain';
import { formatPower, joined, powerScale } from '../format/quantity.ts';
import { hourMinute } from '../format/time.ts';
import type { ChartOption } from './echarts.ts';
import { axisTip, frame, timeAxis, valueAxis } from './frame.ts';
import type { ChartColors } from './theme.ts';

/** One line of a day: mean power of quarter hours, null where nothing is known. */
export interface DayLine {
  id: string;
  name: string;
  /** Shown as the filled main line, or thin and grey for comparison. */
  emphasis: 'main' | 'thin';
  /** `offsetMs` moves the line along the axis; yesterday is drawn over today. */
  offsetMs: number;
  slots: readonly { startsAt: string; powerW: number | null }[];
}
export interface DayCurveInput {
  day: string;
  sunriseAt: string;
  sunsetAt: string;
  /** Gaps to hatch, epoch ms. */
  gaps: readonly (readonly [number, number])[];
  /** Where the day ends so far; null draws no line for now. */
  nowMs: number | null;
  lines: readonly DayLine[];
  /** What was to be expected: a band, drawn under the lines; null where nothing is. */
  band?: { name: string; slots: readonly BandSlot[] } | null;
  labels: { night: string; gap: string; now: string };
}
/** Expected power of a quarter hour; null where it is not known. */
export interface BandSlot {
  startsAt: string;
  lowW: number | null;
  highW: number | null;
}

const HALF_SLOT_MS = QUARTER_HOUR_MS / 2;
const FOUR_HOURS_MS = 14_400_000;

/**
 * The axis is UTC and all instants are moved by the offset of Shanghai, so that the labels read Shanghai time in a
 * browser of any zone.
 */
const onAxis = (ms: number): number => ms + SHANGHAI_OFFSET_MS;

interface PlottedPoint {
  value: [number, number | null];
  symbol: 'circle' | 'none';
}

/** Points in the middle of their quarter hours. A value between two gaps has no line to it and is drawn as a dot. */
export function curvePoints(line: DayLine, divisor: number): PlottedPoint[] {
  return line.slots.map(({ startsAt, powerW }, index) => {
    const before = line.slots[index - 1]?.powerW ?? null;
    const after = line.slots[index + 1]?.powerW ?? null;
    const isAlone = powerW !== null && before === null && after === null;
    return {
      value: [
        onAxis(Date.parse(startsAt) + line.offsetMs + HALF_SLOT_MS),
        powerW === null ? null : powerW / divisor,
      ],
      symbol: isAlone ? 'circle' : 'none',
    };
  });
}

/** Night before sunrise and after sunset, on the axis. */
export function nightRanges(
  input: Pick<DayCurveInput, 'day' | 'sunriseAt' | 'sunsetAt'>,
): [number, number][] {
  const startMs = dayStartMs(input.day);
  return [
    [onAxis(startMs), onAxis(Date.parse(input.sunriseAt))],
    [onAxis(Date.parse(input.sunsetAt)), onAxis(startMs + DAY_MS)],
  ];
}

function tooltipText(input: DayCurveInput, instantMs: number): string {
  const slotMs = Math.floor(instantMs / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
  const rows = input.lines.map((line) => {
    const slot = line.slots.find(({ startsAt }) => Date.parse(startsAt) + line.offsetMs === slotMs);
    const power = slot ? slot.powerW : null;
    return `<tr><td>${line.name}</td><td class="chart-tip-value">${joined(formatPower(power))}</td></tr>`;
  });
  const expected = input.band?.slots.find(({ startsAt }) => Date.parse(startsAt) === slotMs);
  if (input.band && expected && expected.lowW !== null && expected.highW !== null)
    rows.push(
      `<tr><td>${input.band.name}</td><td class="chart-tip-value">${joined(formatPower(expected.lowW))} – ${joined(formatPower(expected.highW))}</td></tr>`,
    );
  return `<b>${hourMinute(slotMs)}–${hourMinute(slotMs + QUARTER_HOUR_MS)}</b><table>${rows.join('')}</table>`;
}

/** Two stacked lines, the lower unseen and the room to the upper filled: a band that ends where it is not known. */
function bandSeries(band: DayCurveInput['band'], divisor: number, colors: ChartColors) {
  if (!band) return [];
  const point = (slot: BandSlot, value: number | null): [number, number | null] => [
    onAxis(Date.parse(slot.startsAt) + HALF_SLOT_MS),
    slot.lowW === null || slot.highW === null || value === null ? null : value / divisor,
  ];
  const line = {
    type: 'line' as const,
    stack: 'expected',
    stackStrategy: 'all' as const,
    silent: true,
    connectNulls: false,
    symbol: 'none',
    lineStyle: { opacity: 0 },
    z: 1,
  };
  return [
    {
      ...line,
      id: 'expected-low',
      name: band.name,
      data: band.slots.map((slot) => point(slot, slot.lowW)),
    },
    {
      ...line,
      id: 'expected-room',
      name: band.name,
      areaStyle: { color: colors.peer, opacity: 0.22 },
      data: band.slots.map((slot) =>
        point(slot, slot.highW === null || slot.lowW === null ? null : slot.highW - slot.lowW),
      ),
    },
  ];
}

type AreaMark = [
  { name: string; xAxis: number; itemStyle: { color: ChartColors['hatch'] } },
  { xAxis: number },
];

function marks(input: DayCurveInput, colors: ChartColors) {
  const area = (range: readonly [number, number], name: string, color: ChartColors['hatch']): AreaMark => [
    { name, xAxis: range[0], itemStyle: { color } },
    { xAxis: range[1] },
  ];
  return {
    markArea: {
      silent: true,
      animation: false,
      label: { show: false },
      data: [
        ...nightRanges(input).map((range) => area(range, input.labels.night, colors.night)),
        ...input.gaps.map(([from, to]) => area([onAxis(from), onAxis(to)], input.labels.gap, colors.hatch)),
      ],
    },
    markLine: {
      silent: true,
      animation: false,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: colors.secondary, type: 'dotted' as const, width: 1 },
      data: input.nowMs === null ? [] : [{ name: input.labels.now, xAxis: onAxis(input.nowMs) }],
    },
  };
}

/** Option of a curve over one Shanghai day. Pure: the same input gives the same option; gaps stay null. */
export function dayCurveOption(input: DayCurveInput, colors: ChartColors): ChartOption {
  const highestW = Math.max(
    0,
    ...input.lines.flatMap((line) => line.slots.map((slot) => slot.powerW ?? 0)),
    ...(input.band?.slots.map((slot) => slot.highW ?? 0) ?? []),
  );
  const { divisor, unit } = powerScale(highestW);
  const startMs = dayStartMs(input.day);
  return {
    useUTC: true,
    ...frame(colors),
    tooltip: {
      ...axisTip(colors),
      axisPointer: { type: 'line', lineStyle: { color: colors.secondary, width: 1 } },
      formatter: (items) => {
        const item = Array.isArray(items) ? items[0] : items;
        const value: unknown = item?.value;
        const x: unknown = Array.isArray(value) ? value[0] : null;
        return typeof x === 'number' ? tooltipText(input, x - SHANGHAI_OFFSET_MS) : '';
      },
    },
    xAxis: {
      ...timeAxis(colors, (value) =>
        value === onAxis(startMs + DAY_MS) ? '24:00' : hourMinute(value - SHANGHAI_OFFSET_MS),
      ),
      min: onAxis(startMs),
      max: onAxis(startMs + DAY_MS),
      minInterval: FOUR_HOURS_MS,
      maxInterval: FOUR_HOURS_MS,
    },
    yAxis: valueAxis(colors, { unit }),
    series: [
      ...input.lines.map((line, index) => ({
        id: line.id,
        name: line.name,
        type: 'line' as const,
        connectNulls: false,
        symbolSize: 4,
        showAllSymbol: true,
        z: line.emphasis === 'main' ? 3 : 2,
        lineStyle:
          line.emphasis === 'main' ? { color: colors.accent, width: 2 } : { color: colors.peer, width: 1.2 },
        itemStyle: { color: line.emphasis === 'main' ? colors.accent : colors.peer },
        ...(line.emphasis === 'main' ? { areaStyle: { color: colors.accentSoft, opacity: 0.5 } } : {}),
        emphasis: { disabled: true },
        data: curvePoints(line, divisor),
        ...(index === 0 ? marks(input, colors) : {}),
      })),
      ...bandSeries(input.band, divisor, colors),
    ],
  };
}
