import { createI18n } from 'vue-i18n';
import type { Locale } from '../format/quantity.ts';
import type { Messages } from './messages.ts';

/** Each language is a file of its own: a phone loads the one that it shows. */
const TEXTS: Record<Locale, () => Promise<Messages>> = {
  'zh-CN': async () => (await import('./zh-CN.ts')).zhCN,
  en: async () => (await import('./en.ts')).en,
};

/** vue-i18n instance of the app, Composition API only, with the texts of one language. */
export async function makeI18n(locale: Locale) {
  const i18n = createI18n({ legacy: false, locale, messages: {} });
  await loadTexts(i18n.global, locale);
  return i18n;
}

interface TextHolder {
  availableLocales: string[];
  setLocaleMessage(locale: Locale, texts: Messages): void;
}

/** Brings the texts of a language, once. */
export async function loadTexts(holder: TextHolder, locale: Locale): Promise<void> {
  if (!holder.availableLocales.includes(locale)) holder.setLocaleMessage(locale, await TEXTS[locale]());
}
