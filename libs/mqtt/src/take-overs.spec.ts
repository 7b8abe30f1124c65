import { describe, expect, it } from 'vitest';
import { SESSION_TAKEN_OVER, TakeOverWatch } from './take-overs.ts';

/** Connections one after the other, each `livedMs` long, a second between them. */
function live(watch: TakeOverWatch, livedMs: readonly number[], reasonCode?: number): number {
  let nowMs = 0;
  for (const lived of livedMs) {
    nowMs += 1000;
    watch.noteConnected(nowMs);
    nowMs += lived;
    if (reasonCode !== undefined) watch.noteDisconnect(reasonCode, nowMs);
    watch.noteClosed(nowMs);
  }
  return nowMs;
}

describe('a client id that somebody else uses too', () => {
  it('is counted once each time that an MQTT 5 broker tells of it', () => {
    const watch = new TakeOverWatch();
    const nowMs = live(watch, [900, 40_000], SESSION_TAKEN_OVER);
    expect(watch.seen(nowMs)).toEqual({ times: 2, isContended: true });
  });

  it('is seen on 3.1.1 by connections that end right after they began, from the third on', () => {
    const watch = new TakeOverWatch();
    expect(watch.seen(live(watch, [900, 900]))).toEqual({ times: 0, isContended: false });
    const again = new TakeOverWatch();
    expect(again.seen(live(again, [900, 900, 900, 900]))).toEqual({ times: 2, isContended: true });
  });

  it('is not suspected where long connections are lost, a broker shuts down, or nobody accepts', () => {
    const watch = new TakeOverWatch();
    live(watch, [900, 60_000, 900, 900]);
    live(watch, [60_000], 139);
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1000) watch.noteClosed(nowMs);
    expect(watch.seen(0).times).toBe(0);
  });

  it('is told of when it begins, not each time', () => {
    const watch = new TakeOverWatch();
    const told = [1000, 3000, 5000, 70_000].map((atMs) => watch.noteDisconnect(SESSION_TAKEN_OVER, atMs));
    expect(told).toEqual([true, false, false, true]);
  });

  it('is over when nothing of the kind happened for a minute; the count stays', () => {
    const watch = new TakeOverWatch();
    const nowMs = live(watch, [900], SESSION_TAKEN_OVER);
    expect(watch.seen(nowMs + 60_000).isContended).toBe(true);
    expect(watch.seen(nowMs + 60_001)).toEqual({ times: 1, isContended: false });
  });
});
