import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SESSION_CHECK_MS, whileLoggedIn } from './live-session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen(isLive: (() => Promise<boolean>) | null) {
  const source = new Subject<string>();
  const heard: string[] = [];
  const subscription = whileLoggedIn(source, isLive).subscribe({
    next: (message) => heard.push(message),
    complete: () => heard.push('end'),
  });
  return { source, heard, subscription };
}

describe('live stream of a session', () => {
  it('ends soon after its session, and lets go of what it read', async () => {
    let isLive = true;
    const { source, heard } = listen(() => Promise.resolve(isLive));
    source.next('first');
    await vi.advanceTimersByTimeAsync(SESSION_CHECK_MS);
    source.next('second');
    isLive = false;
    await vi.advanceTimersByTimeAsync(SESSION_CHECK_MS);
    source.next('third');
    expect(heard).toEqual(['first', 'second', 'end']);
    expect(source.observed).toBe(false);
  });

  it('goes on while nobody can say whether the session lives', async () => {
    const { source, heard } = listen(() => Promise.reject(new Error('no database')));
    await vi.advanceTimersByTimeAsync(SESSION_CHECK_MS * 3);
    source.next('still here');
    expect(heard).toEqual(['still here']);
  });

  it('asks no more once the reader has left, and never where no login is needed', async () => {
    const isLive = vi.fn(() => Promise.resolve(true));
    listen(isLive).subscription.unsubscribe();
    listen(null);
    await vi.advanceTimersByTimeAsync(SESSION_CHECK_MS * 3);
    expect(isLive).not.toHaveBeenCalled();
  });
});
