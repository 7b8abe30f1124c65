import { useI18n } from 'vue-i18n';
import { exactYuan, formatFen } from '../format/money.ts';
import { formatEnergy, formatHours, joined, formatPower, type Quantity } from '../format/quantity.ts';
import { formatAge, formatDuration } from '../format/time.ts';
import { nowMs } from './clock.ts';
import { locale } from './preferences.ts';

/** The formats bound to the chosen language and the server's clock; a change of either renders again. */
export function useFormat() {
  const i18n = useI18n();
  const { t } = i18n;
  return {
    t,
    /** The text of a code of the server, or the code where it is a new one. */
    named: (group: string, code: string): string =>
      i18n.te(`${group}.${code}`) ? t(`${group}.${code}`) : code,
    power: (powerW: number | null): Quantity => formatPower(powerW),
    energy: (energyWh: number | null): Quantity => formatEnergy(energyWh, locale.value),
    hours: (hours: number | null): Quantity => formatHours(hours, locale.value),
    fen: (amountFen: string | null): Quantity => formatFen(amountFen, locale.value),
    yuan: (amountFen: string | null): string => exactYuan(amountFen, locale.value),
    age: (instant: string | null): string => formatAge(instant, nowMs.value, locale.value),
    duration: (instant: string): string =>
      formatDuration((nowMs.value ?? Date.parse(instant)) - Date.parse(instant), locale.value),
    joined,
  };
}
