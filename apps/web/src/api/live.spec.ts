import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LONGEST_PAUSE_MS, SILENCE_MS, openLive, pauseMs, type LinkState, type LiveSource } from './live.ts';

class FakeSource implements LiveSource {
  isClosed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener);
  }

  emit(type: string, data = '') {
    this.listeners.get(type)?.(new MessageEvent(type, { data }));
  }

  close() {
    this.isClosed = true;
  }
}

function setup() {
  const sources: FakeSource[] = [];
  const states: LinkState[] = [];
  const messages: string[] = [];
  const onReconnected = vi.fn();
  const close = openLive({
    url: '/api/v1/live',
    listeners: [
      { event: 'fleet', onData: (data) => messages.push(data) },
      { event: 'alarms', onData: (data) => messages.push(data) },
    ],
    onState: (state) => states.push(state),
    onReconnected,
    createSource: () => {
      const source = new FakeSource();
      sources.push(source);
      return source;
    },
    random: () => 1,
  });
  const last = () => {
    const source = sources.at(-1);
    if (!source) throw new Error('no source was made');
    return source;
  };
  return { sources, states, messages, onReconnected, close, last };
}

describe('live link', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('delivers events and reports that it is live', () => {
    const link = setup();
    link.last().emit('open');
    link.last().emit('fleet', '{"powerW":1}');
    expect(link.states).toEqual(['connecting', 'live']);
    expect(link.messages).toEqual(['{"powerW":1}']);
    expect(link.onReconnected).not.toHaveBeenCalled();
    link.close();
  });

  it('makes a new source after a pause and asks for what was missed', () => {
    const link = setup();
    link.last().emit('open');
    link.last().emit('error');
    expect(link.sources[0]?.isClosed).toBe(true);
    vi.advanceTimersByTime(999);
    expect(link.sources).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(link.sources).toHaveLength(2);
    link.last().emit('open');
    expect(link.states).toEqual(['connecting', 'live', 'reconnecting', 'live']);
    expect(link.onReconnected).toHaveBeenCalledOnce();
    link.close();
  });

  it('says offline after failures in a row and keeps trying', () => {
    const link = setup();
    for (let failure = 0; failure < 4; failure += 1) {
      link.last().emit('error');
      vi.advanceTimersByTime(LONGEST_PAUSE_MS);
    }
    expect(link.states.at(-1)).toBe('offline');
    expect(link.sources).toHaveLength(5);
    link.close();
  });

  it('replaces a stream that has gone silent', () => {
    const link = setup();
    link.last().emit('open');
    vi.advanceTimersByTime(SILENCE_MS);
    expect(link.states.at(-1)).toBe('reconnecting');
    link.close();
  });

  it('takes an event of any kind that it hears for a sign of life', () => {
    const link = setup();
    link.last().emit('open');
    vi.advanceTimersByTime(SILENCE_MS - 1);
    link.last().emit('alarms', '{}');
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(link.states).toEqual(['connecting', 'live']);
    vi.advanceTimersByTime(1);
    expect(link.states.at(-1)).toBe('reconnecting');
    link.close();
  });

  it('does nothing after it is closed', () => {
    const link = setup();
    const source = link.last();
    link.close();
    source.emit('open');
    source.emit('error');
    vi.advanceTimersByTime(LONGEST_PAUSE_MS);
    expect(link.states).toEqual(['connecting']);
    expect(link.sources).toHaveLength(1);
  });

  it('doubles its pause up to a longest', () => {
    expect([1, 2, 3, 9].map((failures) => pauseMs(failures, 1))).toEqual([
      1000,
      2000,
      4000,
      LONGEST_PAUSE_MS,
    ]);
    expect(pauseMs(1, 0)).toBe(500);
  });
});
