import { describe, expect, it } from 'vitest';
import { makeOutbox, newActionKey, type OutboxItem, type OutboxStore, type SendResult } from './outbox.ts';

function memoryStore(): OutboxStore {
  const kept = new Map<string, OutboxItem>();
  return {
    all: async () => [...kept.values()],
    put: async (item) => void kept.set(item.key, item),
    remove: async (key) => void kept.delete(key),
  };
}
const item = (key: string, orderId = 1) => ({
  key,
  orderId,
  action: 'accept',
  path: '/x',
  body: '{}',
  keptAt: '2026-06-10T06:00:00.000Z',
});
function server(answers: Record<string, SendResult> = {}) {
  const seen: string[] = [];
  const state = { isUp: true };
  return {
    seen,
    state,
    send: async ({ key }: OutboxItem): Promise<SendResult> => {
      if (!state.isUp) return { kind: 'unreachable' };
      seen.push(key);
      return answers[key] ?? { kind: 'sent' };
    },
  };
}

describe('what waits to be sent', () => {
  it('survives a reload and is sent once, in the order it was done', async () => {
    const store = memoryStore();
    const { seen, state, send } = server();
    state.isUp = false;
    const before = makeOutbox({ store, send });
    for (const key of ['a', 'b', 'c']) await before.add(item(key));
    expect(before.waiting.value).toBe(3);
    const after = makeOutbox({ store, send });
    await after.load();
    await after.load();
    state.isUp = true;
    await Promise.all([after.flush(), after.flush(), after.flush()]);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(after.items.value).toEqual([]);
    expect(await store.all()).toEqual([]);
  });

  it('keeps what was refused, holds back what follows in that order, and lets others go', async () => {
    const refusal: SendResult = { kind: 'refused', code: 'work_order.not_possible', detail: '' };
    const answers: Record<string, SendResult> = { a: refusal };
    const { seen, send } = server(answers);
    const outbox = makeOutbox({ store: memoryStore(), send });
    for (const [key, orderId] of [
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ] as const)
      await outbox.add(item(key, orderId));
    expect(seen).toEqual(['a', 'c']);
    expect(outbox.items.value.map(({ key }) => key)).toEqual(['a', 'b']);
    await outbox.drop('a');
    await outbox.flush();
    expect(seen).toEqual(['a', 'c', 'b']);
  });

  it('is sent as well where the device keeps nothing, and says so', async () => {
    const fails = async () => {
      throw new Error('no storage');
    };
    const { seen, send } = server();
    const outbox = makeOutbox({ store: { all: fails, put: fails, remove: fails }, send });
    await outbox.load();
    await outbox.add(item('a'));
    expect(seen).toEqual(['a']);
    expect(outbox.isKept.value).toBe(false);
  });

  it('makes keys that are UUIDs and never the same', () => {
    const keys = Array.from({ length: 100 }, newActionKey);
    expect(new Set(keys).size).toBe(100);
    for (const key of keys)
      expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});
