import type { LiveAlarms, LiveFleet, LiveStation } from '#contracts';
import { onScopeDispose, watch, type Ref } from 'vue';
import { openLive, type LiveListener } from '../api/live.ts';
import { linkState, samples } from './connection.ts';

/** Events of `/api/v1/live` by name. */
interface LiveEvents {
  fleet: LiveFleet;
  station: LiveStation;
  alarms: LiveAlarms;
}

/** What is done with each message of one kind. */
export function hear<E extends keyof LiveEvents>(
  event: E,
  onMessage: (message: LiveEvents[E]) => void,
): LiveListener {
  return { event, onData: (data) => onMessage(JSON.parse(data) as LiveEvents[E]) };
}

/** Keeps one live stream open while the component lives, and opens another when the address changes. */
export function useLive(options: {
  /** Null keeps the stream closed, as where there is nothing to hear of. */
  url: Ref<string | null>;
  listeners: readonly LiveListener[];
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
      close = openLive({
        url,
        listeners: options.listeners,
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
