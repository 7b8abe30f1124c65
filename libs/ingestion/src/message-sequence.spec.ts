import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NUMBER_JUMP_MAX } from '#contracts';
import { advanceSender, type SenderState } from './message-sequence.ts';

const MINUTE_MS = 60_000;
const t = (minute: number) => minute * MINUTE_MS;

/** Runs messages through the numbering; returns the epoch of each and where it stands in the end. */
function run(messages: readonly { seq: number; measuredAtMs: number }[]) {
  let state: SenderState | undefined;
  const epochs: number[] = [];
  const gaps: number[] = [];
  for (const message of messages) {
    const next = advanceSender(state, message);
    state = next.state;
    epochs.push(next.epoch);
    if (next.isGap) gaps.push(message.seq);
  }
  return { state, epochs, gaps };
}

describe('the numbering of a sender', () => {
  it('sees a hole where a number was left out, and none where numbers follow each other', () => {
    const messages = [5, 6, 9, 10].map((seq) => ({ seq, measuredAtMs: t(seq) }));
    expect(run(messages)).toMatchObject({ epochs: [0, 0, 0, 0], gaps: [9] });
  });

  it('takes a late message or one that was sent again for what it is', () => {
    const messages = [5, 9, 7, 9].map((seq) => ({ seq, measuredAtMs: t(seq) }));
    expect(run(messages).epochs).toEqual([0, 0, 0, 0]);
  });

  it('begins anew where numbers start again, and knows to which numbering a late message belongs', () => {
    const messages = [
      { seq: 5000, measuredAtMs: t(1) },
      { seq: 0, measuredAtMs: t(10) },
      { seq: 4999, measuredAtMs: t(0) },
      { seq: 1, measuredAtMs: t(11) },
    ];
    expect(run(messages)).toMatchObject({ epochs: [0, 1, 0, 1], gaps: [] });
  });

  it('takes a leap for a new numbering, not for a hole of thousands', () => {
    const messages = [
      { seq: 1, measuredAtMs: t(1) },
      { seq: 2 + NUMBER_JUMP_MAX, measuredAtMs: t(2) },
    ];
    expect(run(messages)).toMatchObject({ epochs: [0, 1], gaps: [] });
  });

  it('never makes a hole wider than a numbering can have, however garbled the numbers are', () => {
    const any = fc.record({
      seq: fc.oneof(fc.nat(100), fc.maxSafeNat()),
      measuredAtMs: fc.integer({ min: 0, max: t(100) }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (messages) => {
        const byEpoch = new Map<number, number>();
        let state: SenderState | undefined;
        for (const message of messages) {
          const before = state;
          const next = advanceSender(state, message);
          state = next.state;
          if (!before || next.epoch !== before.epoch) continue;
          const last = byEpoch.get(next.epoch) ?? before.lastSeq;
          expect(Math.abs(message.seq - last)).toBeLessThanOrEqual(NUMBER_JUMP_MAX);
          byEpoch.set(next.epoch, state.lastSeq);
        }
      }),
    );
  });

  it('keeps one numbering whatever the order of arrival, after the first message', () => {
    const order = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(order, (seqs) => {
        const messages = [0, ...seqs].map((seq) => ({ seq, measuredAtMs: t(seq) }));
        const { epochs, state } = run(messages);
        expect(new Set(epochs)).toEqual(new Set([0]));
        expect(state?.lastSeq).toBe(Math.max(...seqs));
      }),
    );
  });
});
