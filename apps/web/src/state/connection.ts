import { ref } from 'vue';
import type { LinkState } from '../api/live.ts';

/** State of the one live stream of the page that is open; the shell shows it. */
export const linkState = ref<LinkState>('idle');
/** When the data of that page were true by the server's clock, ISO instant. */
export const dataAsOf = ref<string | null>(null);
/** True once any answer said that the data are made up. */
export const isSimulated = ref(false);
