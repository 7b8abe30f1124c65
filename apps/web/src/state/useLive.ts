import type { LiveFleet, LiveStation } from '#contracts';
import { onScopeDispose, watch, type Ref } from 'vue';
import { openLive } from '../api/live.ts';
import { linkState, samples } from './connection.ts';

/** Events of `/api/v1/live` by name. */
interface LiveEvents {
  fleet: LiveFleet;
  station: LiveStation;
}

/** Keeps one live stream open while the component lives, and opens another when the address changes. */
export function useLive<E extends keyof LiveEvents>(options: {
  /** Null keeps the stream closed, as where there is nothing to hear of. */
  url: Ref<string | null>;
  event: E;
  onMessage: (message: LiveEvents[E]) => void;
  onReconnected: () => void;
}): void {
  let close: (() => void) | null = null;
  watch(
    options.url,
    (url) => {
      close?.();
      close = null;
      linkState.value = 'idle';
      samples.value = null;
      if (url === null) return;
      close = openLive<LiveEvents[E]>({
        url,
        event: options.event,
        onMessage: options.onMessage,
        onReconnected: options.onReconnected,
        onState: (state) => {
          linkState.value = state;
        },
      });
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    close?.();
    linkState.value = 'idle';
    samples.value = null;
  });
}
