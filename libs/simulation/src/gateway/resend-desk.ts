import {
  nativeResendSchema,
  RESEND_NUMBERS_MAX,
  type NativeResend,
  type NativeResendReply,
} from '#contracts';
import { rangesOf } from '../telemetry/number-ranges.ts';

/** What a gateway knows of one of its numbers. `owed` will come anyway, without being asked for. */
export type NumberFate = 'kept' | 'gone' | 'owed';

/** A request of 50 ranges of the longest numbers is 2 kB. */
const REQUEST_BYTES_MAX = 8192;
/** Numbers that wait to be sent again; what is refused now is asked for again later. */
export const QUEUE_MAX = 4 * RESEND_NUMBERS_MAX;
/** Answers that wait to be sent. */
const REPLIES_MAX = 20;
/** Ranges of one answer, as the protocol has it. */
const RANGES_PER_REPLY = 50;

/** Takes requests to send again, keeps in order what is asked for, and answers for what is gone. */
export class ResendDesk {
  /** Numbers in the order in which they were asked for, each once. */
  private readonly queue = new Set<number>();
  private readonly replies: string[] = [];

  get isEmpty(): boolean {
    return this.queue.size === 0 && this.replies.length === 0;
  }

  /**
   * Takes a request as a whole or not at all.
   * @param fateOf what is known of a number.
   * @returns how many of its numbers are gone; null where it is broken, or more than can be kept.
   */
  take(payload: Uint8Array, fateOf: (seq: number) => NumberFate): number | null {
    const request = parseRequest(payload);
    if (request === null || this.replies.length >= REPLIES_MAX) return null;
    const asked = [...new Set(request.ranges.flatMap(numbersOf))].sort((one, other) => one - other);
    const gone: number[] = [];
    const kept: number[] = [];
    for (const seq of asked) {
      const fate = fateOf(seq);
      if (fate === 'gone') gone.push(seq);
      else if (fate === 'kept' && !this.queue.has(seq)) kept.push(seq);
    }
    if (this.queue.size + kept.length > QUEUE_MAX) return null;
    for (const seq of kept) this.queue.add(seq);
    this.replies.push(...repliesOf(request.id, gone));
    return gone.length;
  }

  /** The next answer to be sent. */
  nextReply(): string | undefined {
    return this.replies.shift();
  }

  /** The next number to be sent again. */
  nextNumber(): number | undefined {
    const [seq] = this.queue;
    if (seq !== undefined) this.queue.delete(seq);
    return seq;
  }

  /** Numbers that were on the way when the connection broke: they wait again. */
  putBack(seqs: Iterable<number>): void {
    for (const seq of seqs) this.queue.add(seq);
  }
}

function parseRequest(payload: Uint8Array): NativeResend | null {
  if (payload.byteLength > REQUEST_BYTES_MAX) return null;
  const result = nativeResendSchema.safeParse(parseJson(payload));
  if (!result.success) return null;
  const count = result.data.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return count > RESEND_NUMBERS_MAX ? null : result.data;
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    // A broken request is refused by the schema, and the gateway goes on.
    return null;
  }
}

const numbersOf = ([from, to]: readonly [number, number]): number[] =>
  Array.from({ length: to - from + 1 }, (_, offset) => from + offset);

function repliesOf(id: string, gone: readonly number[]): string[] {
  const ranges = rangesOf(gone);
  const replies: string[] = [];
  for (let first = 0; first < ranges.length; first += RANGES_PER_REPLY) {
    const reply: NativeResendReply = { id, gone: ranges.slice(first, first + RANGES_PER_REPLY) };
    replies.push(JSON.stringify(reply));
  }
  return replies;
}
