import { computed, ref, shallowRef } from 'vue';
import type { LinkState } from '../api/live.ts';
import { isStaleAt, type Samples } from '../model/freshness.ts';
import { clockView, nowMs } from './clock.ts';

/** State of the one live stream of the page that is open; the shell shows it. */
export const linkState = ref<LinkState>('idle');
/** When the data of that page were true by the server's clock, ISO instant. */
export const dataAsOf = ref<string | null>(null);
/** True once any answer said that the data are made up. */
export const isSimulated = ref(false);
/** Newest sample behind the page that is open; null until it is known. */
export const samples = shallowRef<Samples | null>(null);

/** True while the readings stand still in daylight, also where the stream itself is alive. */
export const isStale = computed(
  () =>
    samples.value !== null &&
    nowMs.value !== null &&
    clockView.value !== null &&
    isStaleAt(samples.value, { nowMs: nowMs.value, speed: clockView.value.speed }),
);
/** What the mark says: a live stream of old readings is stale, a stream that is lost says so first. */
export const connectionState = computed(() =>
  linkState.value === 'live' && isStale.value ? 'stale' : linkState.value,
);
