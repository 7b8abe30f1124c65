import { createI18n } from 'vue-i18n';
import type { Locale } from '../format/quantity.ts';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

/** vue-i18n instance of the app, Composition API only. */
export function makeI18n(locale: Locale) {
  return createI18n({
    legacy: false,
    locale,
    fallbackLocale: 'zh-CN',
    messages: { 'zh-CN': zhCN, en },
  });
}
