import { describe, expect, it } from 'vitest';
import { at, faultOf } from '../testing/factories.ts';
import { gatewayFrom, PaperLink, seqsOf, sendAll } from '../testing/paper-gateway.ts';
import { IN_FLIGHT_MAX } from './gateway.ts';

const DAY = '2026-06-10';
const window = { fromMs: at(DAY, 10), toMs: at(DAY, 11) };

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

  it('that contradicts itself sends the true values first', () => {
    const { gateway, link } = gatewayFrom(window.fromMs, [
      faultOf({ kind: 'conflict', share: 0.5, ...window }),
    ]);
    sendAll(gateway, link, window.toMs - 1);
    const truth = gatewayFrom(window.fromMs);
    sendAll(truth.gateway, truth.link, window.toMs - 1);
    const firstOf = new Map<number, string>();
    seqsOf(link).forEach((seq, index) => {
      if (!firstOf.has(seq)) firstOf.set(seq, link.sent[index] ?? '');
    });
    expect([...firstOf.values()]).toEqual(truth.link.sent);
    expect(link.sent.length).toBeGreaterThan(truth.link.sent.length);
    expect(new Set(link.sent).size).toBe(link.sent.length);
  });
});
