/**
 * One server-sent event stream with its state.
 *
 *   connecting ──open──▶ live ──error or silence──▶ reconnecting ──open──▶ live
 *                                                    reconnecting ──OFFLINE_AFTER failures──▶ offline ──open──▶ live
 *
 * The browser's own reconnecting gives up for good on an HTTP error and tells nobody, so each failed source is closed
 * and a new one made after a pause that doubles.
 */
export type LinkState = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline';

/** Pauses double from here to the longest; jitter spreads the browsers of a control room after a restart. */
const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 30_000;
/** Failures in a row after which the state reads offline. */
const OFFLINE_AFTER = 3;
/** A stream that is open and silent for so long is dead behind a proxy. */
export const SILENCE_MS = 60_000;

/** The part of EventSource that is used. */
export interface LiveSource {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

/** What is done with the data of one kind of event. */
export interface LiveListener {
  event: string;
  onData: (data: string) => void;
}

export interface LiveOptions {
  url: string;
  /** Any of these events is a sign of life. */
  listeners: readonly LiveListener[];
  onState: (state: LinkState) => void;
  /** Called when a stream opens after one was lost: what was missed has to be fetched. */
  onReconnected: () => void;
  createSource?: (url: string) => LiveSource;
  random?: () => number;
}

/** Pause before try `failures` (from 1), ms; half of it is jitter. */
export function pauseMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(full / 2 + (full / 2) * random);
}

/** Opens the stream and keeps it open until the returned function is called. */
export function openLive(options: LiveOptions): () => void {
  const createSource = options.createSource ?? ((url: string): LiveSource => new EventSource(url));
  const random = options.random ?? Math.random;
  let source: LiveSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let hasBeenLost = false;
  let isClosed = false;

  const fail = () => {
    source?.close();
    source = null;
    if (isClosed) return;
    failures += 1;
    hasBeenLost = true;
    options.onState(failures >= OFFLINE_AFTER ? 'offline' : 'reconnecting');
    clearTimeout(timer);
    timer = setTimeout(connect, pauseMs(failures, random()));
  };
  const listenForSilence = () => {
    clearTimeout(timer);
    timer = setTimeout(fail, SILENCE_MS);
  };
  function connect() {
    const current = createSource(options.url);
    source = current;
    const whileCurrent = (action: () => void) => {
      if (source === current && !isClosed) action();
    };
    current.addEventListener('open', () =>
      whileCurrent(() => {
        failures = 0;
        options.onState('live');
        listenForSilence();
        if (hasBeenLost) options.onReconnected();
        hasBeenLost = false;
      }),
    );
    current.addEventListener('error', () => whileCurrent(fail));
    for (const { event, onData } of options.listeners)
      current.addEventListener(event, ({ data }) =>
        whileCurrent(() => {
          listenForSilence();
          onData(data);
        }),
      );
  }

  options.onState('connecting');
  connect();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    source?.close();
  };
}
