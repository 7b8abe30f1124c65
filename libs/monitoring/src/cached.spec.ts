import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cached } from './cached.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

const counting = () => {
  let count = 0;
  const make = vi.fn(() => Promise.resolve((count += 1)));
  return { make, cached: new Cached({ maxAgeMs: 1000, staleMs: 2000 }, make) };
};

describe('a cached answer', () => {
  it('is worked out once for all who ask at the same time', async () => {
    const { make, cached } = counting();
    expect(await Promise.all([cached.get(), cached.get(), cached.get()])).toEqual([1, 1, 1]);
    vi.advanceTimersByTime(999);
    expect(await cached.get()).toBe(1);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('is given while it is stale, and renewed meanwhile', async () => {
    const { make, cached } = counting();
    await cached.get();
    vi.advanceTimersByTime(1500);
    expect(await cached.get()).toBe(1);
    await vi.waitFor(async () => expect(await cached.get()).toBe(2));
    expect(make).toHaveBeenCalledTimes(2);
  });

  it('is waited for when the old one is too old', async () => {
    const { cached } = counting();
    await cached.get();
    vi.advanceTimersByTime(3000);
    expect(await cached.get()).toBe(2);
  });

  it('is not kept when it is a failure', async () => {
    const make = vi.fn().mockRejectedValueOnce(new Error('database away')).mockResolvedValue('here');
    const cached = new Cached({ maxAgeMs: 1000, staleMs: 0 }, make);
    await expect(cached.get()).rejects.toThrow('database away');
    expect(await cached.get()).toBe('here');
  });
});
