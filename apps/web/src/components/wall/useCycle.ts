import { computed, onScopeDispose, ref, shallowRef, type Ref } from 'vue';
import { firstTurn, lookAt, passTime, togglePause, type Cycle } from './cycle.ts';

const TICK_MS = 1000;
/** A step that is shorter than this, as in a test, is divided into this many ticks. */
const TICKS_MIN = 4;

/** Goes through `codes` while `isHeld` is false; the empty code is the city. */
export function useCycle(options: {
  codes: Ref<readonly string[]>;
  first: string;
  stepMs: number;
  isHeld: Ref<boolean>;
}) {
  const { codes, stepMs, isHeld } = options;
  const start = firstTurn(0);
  const cycle = shallowRef<Cycle>(options.first === '' ? start : lookAt(start, 0));
  // An area of the address is looked at before the areas are known.
  const asked = ref<string | null>(options.first === '' ? null : options.first);
  const code = computed(() => asked.value ?? codes.value[cycle.value.index] ?? '');

  let lastMs = performance.now();
  const tick = () => {
    const nowMs = performance.now();
    const elapsedMs = nowMs - lastMs;
    lastMs = nowMs;
    if (isHeld.value) return;
    if (asked.value !== null && codes.value.length > 1) settle();
    cycle.value = passTime(cycle.value, elapsedMs, { count: codes.value.length, stepMs });
  };
  function settle(): void {
    const index = codes.value.indexOf(asked.value ?? '');
    asked.value = null;
    cycle.value = { ...cycle.value, index: Math.max(0, index) };
  }
  const timer = setInterval(tick, Math.min(TICK_MS, stepMs / TICKS_MIN));
  onScopeDispose(() => clearInterval(timer));

  return {
    cycle,
    code,
    progress: computed(() => Math.min(1, cycle.value.shownMs / stepMs)),
    look: (next: string) => {
      asked.value = null;
      cycle.value = lookAt(cycle.value, Math.max(0, codes.value.indexOf(next)));
    },
    turn: (by: 1 | -1) => {
      const count = Math.max(1, codes.value.length);
      cycle.value = lookAt(cycle.value, (cycle.value.index + by + count) % count);
    },
    toggle: () => {
      cycle.value = togglePause(cycle.value);
    },
  };
}
