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
 * `last_known`: it is read, and the broker had kept it, so that nobody knows when it was true;
 * `refused: …`: something in it still cannot be used, whatever else was stored.
 */
export function outcomeOf(outcome: Omit<ReplayOutcome, 'id'>): string {
  const { accepted, duplicate, isLastKnown, rejections } = outcome;
  if (rejections.length > 0)
    return `refused: ${[...new Set(rejections.map(({ reason }) => reason))].join(', ')}`;
  if (accepted > 0) return 'stored';
  if (duplicate > 0) return 'duplicate';
  return isLastKnown ? 'last_known' : 'empty';
}
