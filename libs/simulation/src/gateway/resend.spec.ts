import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeResendReplySchema } from '#contracts';
import { seqAfter } from '../telemetry/schedule.ts';
import { at, faultOf, testFleet } from '../testing/factories.ts';
import { gatewayFrom, PaperLink, sendAll, seqsOf } from '../testing/paper-gateway.ts';
import { AGAIN_IN_FLIGHT_MAX } from './gateway.ts';
import { QUEUE_MAX, ResendDesk } from './resend-desk.ts';

const DAY = '2026-06-10';
const schedule = testFleet().gateway;
const window = { fromMs: at(DAY, 10), toMs: at(DAY, 11) };
const inWindow = seqAfter(schedule, window.fromMs - 1);
const request = (ranges: unknown, id: unknown = 'r1') => Buffer.from(JSON.stringify({ id, ranges }));
const goneOf = (link: PaperLink) =>
  link.replies.map((reply) => nativeResendReplySchema.parse(JSON.parse(reply)));
/** The bytes of the messages of a day up to an instant, by number. */
function messagesUntil(nowMs: number): Map<number, string> {
  const { gateway, link } = gatewayFrom(at(DAY, 0));
  sendAll(gateway, link, nowMs);
  return new Map(seqsOf(link).map((seq, index) => [seq, link.sent[index] ?? '']));
}

describe('a gateway that is asked again', () => {
  it('sends the same bytes of the messages that were lost on the way, and nothing else', () => {
    const lost = [faultOf({ kind: 'lost_messages', share: 0.3, ...window })];
    const { gateway, link, counts } = gatewayFrom(at(DAY, 9), lost);
    sendAll(gateway, link, at(DAY, 12));
    const arrived = new Set(seqsOf(link));
    const missing = Array.from({ length: 12 }, (_, offset) => inWindow + offset).filter(
      (seq) => !arrived.has(seq),
    );
    expect(missing.length).toBeGreaterThan(0);
    expect(counts.dropped).toBe(missing.length);
    expect(arrived.size).toBe(36 - missing.length);
    const before = link.sent.length;
    gateway.takeRequest(request(missing.map((seq) => [seq, seq])), at(DAY, 12));
    expect(gateway.isIdle(at(DAY, 12))).toBe(false);
    sendAll(gateway, link, at(DAY, 12));
    const truth = messagesUntil(at(DAY, 12));
    expect(link.sent.slice(before)).toEqual(missing.map((seq) => truth.get(seq)));
    expect(link.replies).toEqual([]);
    expect(counts).toMatchObject({ resent: missing.length, gone: 0, refusedRequests: 0 });
  });

  it('sends live messages first, and keeps room for them on the way', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 9));
    sendAll(gateway, link, at(DAY, 10));
    const before = link.sent.length;
    gateway.takeRequest(request([[inWindow - 12, inWindow - 1]]), at(DAY, 10));
    while (gateway.sendNext(link, at(DAY, 10)));
    expect(link.sent.length - before).toBe(AGAIN_IN_FLIGHT_MAX);
    gateway.sendNext(link, at(DAY, 10) + 300_000);
    expect(seqsOf(link).at(-1)).toBe(inWindow);
    sendAll(gateway, link, at(DAY, 10) + 300_000);
    expect(seqsOf(link).slice(before + AGAIN_IN_FLIGHT_MAX + 1)).toEqual(
      Array.from({ length: 7 }, (_, offset) => inWindow - 7 + offset),
    );
  });

  it('says what is gone: forgotten, never taken, or older than a week', () => {
    const notTaken = { fromMs: at('2026-06-08', 0), toMs: at('2026-06-09', 0) };
    const faults = [faultOf({ kind: 'offline', ...window })];
    const { gateway, link, counts } = gatewayFrom(at(DAY, 11), faults, notTaken);
    const neverTaken = seqAfter(schedule, notTaken.toMs) - 1;
    const old = seqAfter(schedule, at('2026-06-03', 11)) - 1;
    gateway.takeRequest(
      request([
        [inWindow - 1, inWindow + 12],
        [neverTaken, neverTaken + 1],
        [old, old + 1],
      ]),
      at(DAY, 11),
    );
    sendAll(gateway, link, at(DAY, 11));
    expect(goneOf(link)).toEqual([
      {
        id: 'r1',
        gone: [
          [old, old],
          [neverTaken, neverTaken],
          [inWindow, inWindow + 11],
        ],
      },
    ]);
    expect(seqsOf(link)).toEqual([old + 1, neverTaken + 1, inWindow - 1]);
    expect(counts).toMatchObject({ gone: 14, resent: 3 });
  });

  it('neither repeats nor gives up what it is about to send anyway', () => {
    const { gateway, link, counts } = gatewayFrom(at(DAY, 9), [faultOf({ kind: 'late_backlog', ...window })]);
    sendAll(gateway, link, window.fromMs - 1);
    link.connected = false;
    sendAll(gateway, link, window.toMs - 1);
    link.connected = true;
    gateway.takeRequest(request([[inWindow, inWindow + 30]]), window.toMs);
    sendAll(gateway, link, at(DAY, 12));
    const seqs = seqsOf(link);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(link.replies).toEqual([]);
    expect(counts).toMatchObject({ gone: 0, resent: 0 });
  });

  it('sends a number once, however often it is asked before it is on the way', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 10));
    for (const id of ['a', 'b', 'c'])
      gateway.takeRequest(request([[inWindow - 6, inWindow - 4]], id), at(DAY, 10));
    sendAll(gateway, link, at(DAY, 10));
    expect(seqsOf(link)).toEqual([inWindow - 6, inWindow - 5, inWindow - 4]);
  });

  it('sends again what it was asked for and was on the way when the connection broke', () => {
    const { gateway, link } = gatewayFrom(at(DAY, 10));
    gateway.takeRequest(request([[inWindow - 6, inWindow - 1]]), at(DAY, 10));
    while (gateway.sendNext(link, at(DAY, 10)));
    const late = link.waiting.splice(0);
    gateway.takeBack();
    for (const settled of late) settled(new Error('closed'));
    const next = new PaperLink();
    sendAll(gateway, next, at(DAY, 10));
    expect(seqsOf(next).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 6 }, (_, offset) => inWindow - 6 + offset),
    );
  });

  it.each([
    ['not JSON', Buffer.from('{"id":')],
    ['no ranges', request([])],
    ['a range from behind', request([[9, 3]])],
    ['text for numbers', request([['1', '2']])],
    ['no id', Buffer.from('{"ranges":[[1,2]]}')],
    ['more numbers than allowed', request([[0, 500]])],
    ['numbers without end', request([[0, Number.MAX_SAFE_INTEGER]])],
    ['more bytes than a request has', Buffer.alloc(10_000, 0x20)],
  ])('refuses a request with %s, and goes on', (_, payload) => {
    const { gateway, link, counts } = gatewayFrom(at(DAY, 9));
    gateway.takeRequest(payload, at(DAY, 10));
    sendAll(gateway, link, at(DAY, 10));
    expect(counts).toMatchObject({ refusedRequests: 1, resent: 0, gone: 0 });
    expect(seqsOf(link)).toHaveLength(12);
    expect(link.replies).toEqual([]);
  });
});

describe('the desk', () => {
  it('takes no more than it can keep, and takes again when there is room', () => {
    const desk = new ResendDesk();
    const take = (from: number) => desk.take(request([[from, from + 499]]), () => 'kept');
    for (let taken = 0; taken < QUEUE_MAX; taken += 500) expect(take(taken)).toBe(0);
    expect(take(QUEUE_MAX)).toBeNull();
    for (let number = 0; number < 500; number += 1) expect(desk.nextNumber()).toBe(number);
    expect(take(QUEUE_MAX)).toBe(0);
  });

  it('accounts for every number of a request: sent, gone, or coming anyway', () => {
    const fates = ['kept', 'gone', 'owed'] as const;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 500 }),
        fc.nat(1_000_000),
        (plan, first) => {
          const desk = new ResendDesk();
          const fateOf = (seq: number) => plan[seq - first] ?? 'owed';
          const goneCount = desk.take(request([[first, first + plan.length - 1]]), fateOf);
          const gone: number[] = [];
          for (let reply = desk.nextReply(); reply !== undefined; reply = desk.nextReply()) {
            for (const [from, to] of nativeResendReplySchema.parse(JSON.parse(reply)).gone)
              for (let seq = from; seq <= to; seq += 1) gone.push(seq);
          }
          const sent: number[] = [];
          for (let seq = desk.nextNumber(); seq !== undefined; seq = desk.nextNumber()) sent.push(seq);
          const planned = (fate: string) =>
            plan.flatMap((candidate, index) => (candidate === fate ? [first + index] : []));
          expect(gone).toEqual(planned('gone'));
          expect(goneCount).toBe(gone.length);
          expect(sent).toEqual(planned('kept'));
          expect(desk.isEmpty).toBe(true);
        },
      ),
    );
  });
});
