import type { MessageReplayer, ReplayOutcome } from '../message-replayer.ts';

/**
 * Decodes with the profiles that are enabled now, at the message's own time of receipt, and writes as the pipeline
 * does. Doing it twice stores nothing twice.
 */
export type MessageReplay = Pick<MessageReplayer, 'replay'>;

/** Injection token of the {@link MessageReplay}. */
export const MESSAGE_REPLAY = Symbol('message-replay');

/**
 * `stored`: at least one reading is new; `duplicate`: all were there; `empty`: it is read, and no reading is in it
 * (a single value of a device became part of another message's reading);
 * `refused: …`: something in it still cannot be used, whatever else was stored.
 */
export function outcomeOf({ accepted, duplicate, rejections }: Omit<ReplayOutcome, 'id'>): string {
  if (rejections.length > 0)
    return `refused: ${[...new Set(rejections.map(({ reason }) => reason))].join(', ')}`;
  if (accepted > 0) return 'stored';
  return duplicate > 0 ? 'duplicate' : 'empty';
}
