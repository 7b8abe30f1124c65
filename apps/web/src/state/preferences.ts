import { ref, watchEffect } from 'vue';
import type { Locale } from '../format/quantity.ts';

/** Language and theme: kept in the browser; until someone chooses, the theme follows the system. */
export type Theme = 'light' | 'dark';
const LOCALE_KEY = 'sunledger.locale';
const THEME_KEY = 'sunledger.theme';

// Storage throws where it is forbidden, as in a private window with strict settings; the app works without it.
function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

// Chinese is the language of the users, so it is the first one whatever the browser asks for.
function firstLocale(): Locale {
  return stored(LOCALE_KEY) === 'en' ? 'en' : 'zh-CN';
}

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const keptTheme = stored(THEME_KEY);
const chosenTheme = ref<Theme | null>(keptTheme === 'light' || keptTheme === 'dark' ? keptTheme : null);
const systemTheme = ref<Theme>(systemDark.matches ? 'dark' : 'light');
systemDark.addEventListener('change', (event) => {
  systemTheme.value = event.matches ? 'dark' : 'light';
});

/** The theme that is shown. */
export const theme = ref<Theme>(chosenTheme.value ?? systemTheme.value);
/** The language that is shown; the app's start and the language button are its only writers. */
export const locale = ref<Locale>(firstLocale());

watchEffect(
  () => {
    const next = chosenTheme.value ?? systemTheme.value;
    document.documentElement.classList.toggle('dark', next === 'dark');
    theme.value = next;
  },
  // Charts read the colours of the style sheet as soon as the theme changes.
  { flush: 'sync' },
);
watchEffect(() => {
  document.documentElement.lang = locale.value;
});

/** Chooses a theme for good. */
export function chooseTheme(next: Theme): void {
  chosenTheme.value = next;
  store(THEME_KEY, next);
}

/** Chooses a language for good. */
export function chooseLocale(next: Locale): void {
  locale.value = next;
  store(LOCALE_KEY, next);
}
