import type { StationEnergy } from '#contracts';
import { energyScale, formatEnergy, formatHours, joined, type Locale } from '../format/quantity.ts';
import type { ChartOption } from './echarts.ts';
import { categoryAxis, frame, tipAt, valueAxis } from './frame.ts';
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
  return {
    ...frame(colors),
    tooltip: {
      ...tipAt(colors, (index) => {
        const item = input.items[index];
        if (!item) return '';
        const energy = joined(formatEnergy(item.energyWh, input.locale));
        const hours = joined(formatHours(item.fullLoadHours, input.locale));
        return `<b>${item.period}</b><br>${energy} · ${hours}<br>${input.labels.qualities[item.quality]}`;
      }),
      axisPointer: { type: 'shadow', shadowStyle: { color: colors.night } },
    },
    xAxis: categoryAxis(
      colors,
      input.items.map((item) => item.period),
      {
        formatter: (period) => (input.by === 'day' ? String(Number(period.slice(8))) : period.slice(2)),
      },
    ),
    yAxis: {
      ...valueAxis(colors, { unit }),
      // The unit is a word (万千瓦时) that has no room left of the axis.
      nameTextStyle: { color: colors.secondary, fontSize: 11, align: 'left', padding: [0, 0, 0, -36] },
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
