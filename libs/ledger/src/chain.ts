import { createHash } from 'node:crypto';
import { CHAIN_START, chainText, type ChainedEntry } from '#domain';
import type { Queryable } from '#persistence';
import { entriesAfter, readHead } from './ledger.repository.ts';

/** What is wrong with an entry, as against the one before it and the head. */
export type ChainFault = 'missing' | 'not_linked' | 'content_changed' | 'not_zero' | 'head_differs';

export type ChainReport =
  | { state: 'whole'; entries: bigint; headHash: string }
  | { state: 'broken'; sequence: bigint; fault: ChainFault };

/** Entries read at a time: an allocation over every village has 1,469 postings. */
const PAGE_ENTRIES = 200;

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function entryHash(entry: ChainedEntry): string {
  return sha256(chainText(entry));
}

/**
 * Reads the whole ledger and follows the chain. Names the first entry that is gone, was changed, or does not follow;
 * whoever keeps an earlier head hash elsewhere also sees a chain that was rewritten from some entry on.
 */
export async function verifyChain(database: Queryable): Promise<ChainReport> {
  const head = await readHead(database);
  let previous = { sequence: 0n, hash: CHAIN_START };
  for (;;) {
    const entries = await entriesAfter(database, { after: previous.sequence, limit: PAGE_ENTRIES });
    for (const { entryHash: stored, ...entry } of entries) {
      const expected = previous.sequence + 1n;
      // Entries booked since the head was read are the next run's.
      if (entry.sequence > head.sequence) break;
      if (entry.sequence !== expected) return { state: 'broken', sequence: expected, fault: 'missing' };
      if (entry.previousHash !== previous.hash)
        return { state: 'broken', sequence: expected, fault: 'not_linked' };
      if (entryHash(entry) !== stored)
        return { state: 'broken', sequence: expected, fault: 'content_changed' };
      if (entry.postings.reduce((sum, { amountFen }) => sum + amountFen, 0n) !== 0n)
        return { state: 'broken', sequence: expected, fault: 'not_zero' };
      previous = { sequence: entry.sequence, hash: stored };
    }
    if (entries.length < PAGE_ENTRIES || previous.sequence >= head.sequence) break;
  }
  if (previous.sequence !== head.sequence)
    return { state: 'broken', sequence: previous.sequence + 1n, fault: 'missing' };
  if (previous.hash !== head.entryHash)
    return { state: 'broken', sequence: head.sequence, fault: 'head_differs' };
  return { state: 'whole', entries: head.sequence, headHash: head.entryHash };
}
