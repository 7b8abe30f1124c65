import type { StationEnergy } from '#contracts';
import { energyScale, formatEnergy, formatHours, joined, type Locale } from '../format/quantity.ts';
import type { ChartOption } from './echarts.ts';
import type { ChartColors } from './theme.ts';

export interface EnergyBarsInput {
  items: StationEnergy['items'];
  by: StationEnergy['by'];
  locale: Locale;
  labels: { energy: string; qualities: Record<StationEnergy['items'][number]['quality'], string> };
}

/**
 * Bars over the server's own days or months. The axis is a category: a time axis would move the bars by the zone of
 * the browser. A period without data has no bar, a measured zero has a bar of no height and says so in the tooltip.
 */
export function energyBarsOption(input: EnergyBarsInput, colors: ChartColors): ChartOption {
  const highestWh = Math.max(0, ...input.items.map((item) => item.energyWh ?? 0));
  const { divisor, unit } = energyScale(highestWh, input.locale);
  const axisText = { color: colors.secondary, fontSize: 11 };
  return {
    animation: false,
    textStyle: { fontFamily: colors.font },
    aria: { enabled: true },
    grid: { left: 48, right: 14, top: 24, bottom: 22 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: colors.surface,
      borderColor: colors.line,
      padding: [6, 10],
      textStyle: { color: colors.text, fontSize: 12 },
      axisPointer: { type: 'shadow', shadowStyle: { color: colors.night } },
      formatter: (items) => {
        const index = Array.isArray(items) ? items[0]?.dataIndex : items.dataIndex;
        const item = index === undefined ? undefined : input.items[index];
        if (!item) return '';
        const energy = joined(formatEnergy(item.energyWh, input.locale));
        const hours = joined(formatHours(item.fullLoadHours, input.locale));
        return `<b>${item.period}</b><br>${energy} · ${hours}<br>${input.labels.qualities[item.quality]}`;
      },
    },
    xAxis: {
      type: 'category',
      data: input.items.map((item) => item.period),
      axisLabel: {
        ...axisText,
        formatter: (period: string) =>
          input.by === 'day' ? String(Number(period.slice(8))) : period.slice(2),
      },
      axisLine: { lineStyle: { color: colors.line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      name: unit,
      nameGap: 8,
      nameTextStyle: { ...axisText, align: 'left', padding: [0, 0, 0, -36] },
      splitNumber: 4,
      axisLabel: axisText,
      splitLine: { lineStyle: { color: colors.line } },
    },
    series: [
      {
        id: 'energy',
        name: input.labels.energy,
        type: 'bar',
        barMaxWidth: 28,
        barCategoryGap: '30%',
        data: input.items.map((item) => ({
          value: item.energyWh === null ? '-' : item.energyWh / divisor,
          itemStyle:
            item.quality === 'measured'
              ? { color: colors.accent }
              : { color: colors.accentSoft, borderColor: colors.accent, borderWidth: 1 },
        })),
        markArea: {
          silent: true,
          animation: false,
          label: { show: false },
          itemStyle: { color: colors.hatch },
          data: input.items
            .filter((item) => item.energyWh === null && item.days > 0)
            .map((item) => [{ xAxis: item.period }, { xAxis: item.period }]),
        },
      },
    ],
  };
}
