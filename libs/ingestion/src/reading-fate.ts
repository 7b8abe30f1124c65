import type { QuarantinedMessage } from './quarantine.writer.ts';
import type { KnownReading } from './validate.ts';

/** A reading together with when and in which message it came in. */
export interface ReceivedReading extends KnownReading {
  receivedAtMs: number;
  /** The message, so that it can be kept where another value is stored already. */
  origin?: { topic: string; payload: Buffer };
}

/** What became of a reading. */
export interface ReadingFate {
  received: ReceivedReading;
  day: string;
  fate: 'accepted' | 'duplicate' | 'conflict';
  conflict: QuarantinedMessage | null;
}

/** PostgreSQL's text for an array of numbers: an array of arrays would be flattened by `unnest`. */
export function arrayText(values: readonly (number | null)[] | null): string | null {
  return values === null ? null : `{${values.map((value) => value ?? 'null').join(',')}}`;
}
