import type { ReviewDetail, ReviewItem } from '#contracts';
import { fixed, UNKNOWN } from '../../format/quantity.ts';

/** A text of `review.choice` with its values; instants and energies are still to be formatted. */
export interface ChoiceWords {
  key:
    | 'ignore'
    | 'reset'
    | 'rebaseNothing'
    | 'rebase'
    | 'frozen'
    | 'frozenNothing'
    | 'multiply'
    | 'divide'
    | 'scaleRaw';
  fromAt: string | null;
  toAt: string | null;
  energyWh: number | null;
  factor: number | null;
}

/** What a choice means for this anomaly, to be said in words. */
export function choiceWords(item: ReviewItem, index: number): ChoiceWords | null {
  const choice = item.choices[index];
  if (!choice) return null;
  const { fix } = choice;
  const words = { fromAt: null, toAt: null, energyWh: null, factor: null };
  switch (fix.kind) {
    case 'ignore':
      return { ...words, key: 'ignore', fromAt: fix.fromAt, toAt: fix.toAt };
    case 'reset':
      return { ...words, key: 'reset', energyWh: item.toWh };
    case 'rebase': {
      const { energyWh } = fix;
      if (item.kind === 'scale_change') return { ...words, key: 'scaleRaw' };
      if (item.kind === 'frozen')
        return { ...words, key: choice.effectWh > 0 ? 'frozen' : 'frozenNothing', energyWh };
      return { ...words, key: energyWh === 0 ? 'rebaseNothing' : 'rebase', energyWh };
    }
    case 'scale':
      return fix.multiply > 1
        ? { ...words, key: 'multiply', fromAt: fix.fromAt, factor: fix.multiply }
        : { ...words, key: 'divide', fromAt: fix.fromAt, factor: fix.divide };
  }
}

/** Energy with its sign, `+42.500 kWh`; every digit, because somebody signs for it. */
export function signedEnergy(energyWh: number): string {
  const text = fixed(Math.abs(energyWh) / 1000, 3);
  return `${energyWh < 0 ? '−' : '+'}${text} kWh`;
}

/** A counter or energy in kWh with every digit. */
export const exactKwh = (energyWh: number | null): string =>
  energyWh === null ? UNKNOWN : `${fixed(energyWh / 1000, 3)} kWh`;

/**
 * kWh as somebody types them, in whole Wh; digits are moved, nothing is rounded. Null is empty, undefined is not such a
 * number.
 */
export function whOfKwhText(text: string): number | null | undefined {
  const trimmed = text.trim().replaceAll(',', '');
  if (trimmed === '') return null;
  const match = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(trimmed);
  if (!match) return undefined;
  return Number(`${match[1]}${(match[2] ?? '').padEnd(3, '0')}`);
}

export type ReviewTab = 'open' | 'settled' | 'records';
export interface ReviewAddress {
  tab: ReviewTab;
  station: string;
  page: number;
  /** The item that is open in the drawer. */
  item: number | null;
}

type AddressQuery = Record<string, string | null | undefined | (string | null)[]>;

export function readReviewAddress(query: AddressQuery): ReviewAddress {
  const text = (name: string): string => {
    const value = query[name];
    return (Array.isArray(value) ? value[0] : value) ?? '';
  };
  const whole = (name: string): number | null =>
    /^[1-9]\d{0,8}$/.test(text(name)) ? Number(text(name)) : null;
  const tab = text('tab');
  return {
    tab: tab === 'settled' || tab === 'records' ? tab : 'open',
    station: text('station').trim().slice(0, 40),
    page: whole('page') ?? 1,
    item: whole('item'),
  };
}

export function writeReviewAddress({ tab, station, page, item }: ReviewAddress): Record<string, string> {
  return {
    ...(tab === 'open' ? {} : { tab }),
    ...(station === '' ? {} : { station }),
    ...(page === 1 ? {} : { page: String(page) }),
    ...(item === null ? {} : { item: String(item) }),
  };
}

/** The reading at the anomaly: the first one from its instant on. */
export const eventIndex = (readings: ReviewDetail['readings'], at: string): number =>
  readings.findIndex(({ measuredAt }) => Date.parse(measuredAt) >= Date.parse(at));
