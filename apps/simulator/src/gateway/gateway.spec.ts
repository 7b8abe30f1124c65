import { describe, expect, it } from 'vitest';
import { at, faultOf, testFleet } from '../testing/factories.ts';
import type { Fault } from '../truth/faults.ts';
import { Gateway, IN_FLIGHT_MAX, type OutgoingLink } from './gateway.ts';

const DAY = '2026-06-10';
const window = { fromMs: at(DAY, 10), toMs: at(DAY, 11) };

/** A link that keeps what it is given until the test acknowledges it. */
class PaperLink implements OutgoingLink {
  connected = true;
  readonly sent: string[] = [];
  readonly waiting: ((error?: Error) => void)[] = [];

  isConnected(): boolean {
    return this.connected;
  }
  publish(_topic: string, payload: string, settled: (error?: Error) => void): void {
    this.sent.push(payload);
    this.waiting.push(settled);
  }
  acknowledgeAll(): void {
    for (const settled of this.waiting.splice(0)) settled();
  }
}

function gatewayFrom(afterMs: number, faults: Fault[] = []) {
  const fleet = testFleet({ faults });
  const counts = { sent: 0, acknowledged: 0, readings: 0, forgotten: 0 };
  const gateway = new Gateway(
    fleet.gateway,
    { readings: fleet.readings, faults: fleet.truth.faults, counts },
    afterMs,
  );
  return { gateway, counts, link: new PaperLink() };
}

function sendAll(gateway: Gateway, link: PaperLink, nowMs: number): void {
  for (;;) {
    if (gateway.sendNext(link, nowMs)) continue;
    if (link.waiting.length === 0) return;
    link.acknowledgeAll();
  }
}

const seqsOf = (link: PaperLink): number[] =>
  link.sent.flatMap((payload) => {
    const seq = /"seq":(\d+),"devices":\{"\w+":/.exec(payload)?.[1];
    return seq === undefined ? [] : [Number(seq)];
  });
const isRun = (seqs: readonly number[]) => seqs.every((seq, index) => seq === (seqs[0] ?? 0) + index);

describe('a gateway', () => {
  it('that fell behind sends every reading that it owes, in order', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 8));
    sendAll(gateway, link, at(DAY, 14));
    expect(seqsOf(link)).toHaveLength(72);
    expect(isRun(seqsOf(link))).toBe(true);
    sendAll(gateway, link, at(DAY, 15));
    expect(seqsOf(link)).toHaveLength(84);
    expect(isRun(seqsOf(link))).toBe(true);
    expect(gateway.isIdle(at(DAY, 15))).toBe(true);
  });

  it('has no more than its window on the way', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 8));
    while (gateway.sendNext(link, at(DAY, 14)));
    expect(link.sent).toHaveLength(IN_FLIGHT_MAX);
    link.acknowledgeAll();
    expect(gateway.sendNext(link, at(DAY, 14))).toBe(true);
  });

  it('keeps what it owes while it is unconnected, for seven days', () => {
    const { gateway, link, counts } = gatewayFrom(at(DAY, 8));
    link.connected = false;
    sendAll(gateway, link, at(DAY, 20));
    expect(link.sent).toEqual([]);
    link.connected = true;
    sendAll(gateway, link, at(DAY, 20));
    expect(seqsOf(link)).toHaveLength(144);
    link.connected = false;
    sendAll(gateway, link, at('2026-06-20', 20));
    link.connected = true;
    sendAll(gateway, link, at('2026-06-20', 20));
    expect(seqsOf(link)).toHaveLength(144 + 7 * 288);
    expect(counts.forgotten).toBe(3 * 288);
  });

  it('owes again what was on the way when its connection was dropped', () => {
    const { gateway, link, counts } = gatewayFrom(at(DAY, 8));
    while (gateway.sendNext(link, at(DAY, 9)));
    const lost = seqsOf(link);
    const late = link.waiting.splice(0);
    gateway.takeBack();
    for (const settled of late) settled(new Error('closed'));
    const next = new PaperLink();
    sendAll(gateway, next, at(DAY, 9));
    expect(
      seqsOf(next)
        .sort((one, other) => one - other)
        .slice(0, lost.length),
    ).toEqual(lost);
    expect(counts.acknowledged).toBe(12);
  });

  it('that is offline sends nothing of the window, then or later', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 9), [faultOf({ kind: 'offline', ...window })]);
    expect(gateway.isSilent(at(DAY, 10.5))).toBe(true);
    sendAll(gateway, link, at(DAY, 12));
    expect(seqsOf(link)).toHaveLength(24);
    expect(isRun(seqsOf(link))).toBe(false);
  });

  it('sends a backlog after the window: live readings first, then what it kept, in order', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 9), [faultOf({ kind: 'late_backlog', ...window })]);
    sendAll(gateway, link, at(DAY, 11.25));
    const seqs = seqsOf(link);
    const [live, kept] = [seqs.slice(0, 15), seqs.slice(15)];
    expect(kept).toHaveLength(12);
    expect(isRun(kept)).toBe(true);
    expect(Math.min(...live.slice(12))).toBeGreaterThan(Math.max(...kept));
    expect(isRun(live.slice(0, 12))).toBe(true);
  });

  it('started within such a window still owes its beginning', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 10.75), [faultOf({ kind: 'late_backlog', ...window })]);
    sendAll(gateway, link, at(DAY, 11) + 1);
    expect(seqsOf(link).length).toBeGreaterThanOrEqual(12);
  });

  it('repeats every message, or adds bytes that nobody can read', () => {
    const duplicate = gatewayFrom(window.fromMs, [faultOf({ kind: 'duplicate', ...window })]);
    sendAll(duplicate.gateway, duplicate.link, window.toMs - 1);
    expect(duplicate.link.sent.length).toBe(2 * new Set(duplicate.link.sent).size);
    const garbage = gatewayFrom(window.fromMs, [faultOf({ kind: 'garbage', ...window })]);
    sendAll(garbage.gateway, garbage.link, window.toMs - 1);
    expect(garbage.link.sent.length).toBe(seqsOf(garbage.link).length + 1);
  });
});
