import type { ClockView } from '#contracts';
import { computed, ref, shallowRef } from 'vue';

/**
 * The clock that all pages count by. The browser's own clock may be wrong and the demo clock may run apart from real
 * time, so the last clock of the server is carried forward by the monotonic time since it arrived.
 */
export interface ClockAnchor {
  clock: ClockView;
  observedMs: number;
}

/** Epoch ms of the server's clock and of real time at a monotonic instant. */
export function projectClock(anchor: ClockAnchor, monotonicMs: number): { nowMs: number; realNowMs: number } {
  const elapsedMs = Math.max(0, monotonicMs - anchor.observedMs);
  return {
    nowMs: Date.parse(anchor.clock.now) + elapsedMs * anchor.clock.speed,
    realNowMs: Date.parse(anchor.clock.realNow) + elapsedMs,
  };
}

const anchor = shallowRef<ClockAnchor | null>(null);
const monotonicMs = ref(0);
const TICK_MS = 1000;

/** Takes over a clock that the server sent. */
export function observeClock(clock: ClockView): void {
  const observedMs = performance.now();
  anchor.value = { clock, observedMs };
  monotonicMs.value = observedMs;
}

/** Lets the shown ages move; called once by the app. */
export function startTicking(): void {
  setInterval(() => {
    monotonicMs.value = performance.now();
  }, TICK_MS);
}

const projected = computed(() => (anchor.value ? projectClock(anchor.value, monotonicMs.value) : null));

/** Epoch ms of the server's clock, null until it is known. */
export const nowMs = computed(() => projected.value?.nowMs ?? null);
/** Epoch ms of real time by the server, null until it is known. */
export const realNowMs = computed(() => projected.value?.realNowMs ?? null);
/** The clock as last sent. */
export const clockView = computed(() => anchor.value?.clock ?? null);
