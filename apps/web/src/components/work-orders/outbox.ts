import { computed, ref, shallowRef } from 'vue';

/**
 * What was done on this device and has not reached the server yet. Every item has the key of its action, so that the
 * server counts it once however often it is sent; it is kept until the server has answered. Items of one order go in
 * the order in which they were done: behind one that was refused the others of that order wait for a person.
 */
export interface OutboxItem {
  key: string;
  place: number;
  orderId: number;
  /** The step, or `photo`. */
  action: string;
  path: string;
  body: string | Blob;
  keptAt: string;
  refusal: { code: string; detail: string } | null;
}

export type SendResult =
  { kind: 'sent' } | { kind: 'unreachable' } | { kind: 'refused'; code: string; detail: string };

/** Where items survive a reload. */
export interface OutboxStore {
  all(): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<void>;
  remove(key: string): Promise<void>;
}

export function makeOutbox(parts: {
  store: OutboxStore;
  send: (item: OutboxItem) => Promise<SendResult>;
  onSent?: (item: OutboxItem) => void;
}) {
  const items = shallowRef<readonly OutboxItem[]>([]);
  const isSending = ref(false);
  /** False where the device keeps nothing, as in a private window. */
  const isKept = ref(true);
  const waiting = computed(() => items.value.filter(({ refusal }) => refusal === null).length);

  async function load(): Promise<void> {
    try {
      const kept = await parts.store.all();
      const known = new Set(items.value.map(({ key }) => key));
      items.value = [...items.value, ...kept.filter(({ key }) => !known.has(key))].sort(
        (left, right) => left.place - right.place,
      );
    } catch {
      isKept.value = false;
    }
  }

  async function keep(item: OutboxItem): Promise<void> {
    items.value = [...items.value.filter(({ key }) => key !== item.key), item].sort(
      (left, right) => left.place - right.place,
    );
    try {
      await parts.store.put(item);
    } catch {
      isKept.value = false;
    }
  }

  async function drop(key: string): Promise<void> {
    items.value = items.value.filter((item) => item.key !== key);
    await parts.store.remove(key).catch(() => (isKept.value = false));
  }

  async function add(item: Omit<OutboxItem, 'place' | 'refusal'>): Promise<void> {
    const place = Math.max(0, ...items.value.map((other) => other.place)) + 1;
    await keep({ ...item, place, refusal: null });
    await flush();
  }

  /** Sends what can be sent, one after the other, until the network fails. */
  async function flush(): Promise<void> {
    if (isSending.value) return;
    isSending.value = true;
    try {
      for (let item = nextItem(); item; item = nextItem()) {
        const result = await parts.send(item);
        if (result.kind === 'unreachable') return;
        if (result.kind === 'sent') {
          await drop(item.key);
          parts.onSent?.(item);
        } else await keep({ ...item, refusal: { code: result.code, detail: result.detail } });
      }
    } finally {
      isSending.value = false;
    }
  }

  function nextItem(): OutboxItem | undefined {
    const blocked = new Set(items.value.flatMap((item) => (item.refusal ? [item.orderId] : [])));
    return items.value.find((item) => !blocked.has(item.orderId));
  }

  /** Tries a refused item again with the same key. */
  async function retry(key: string): Promise<void> {
    const item = items.value.find((other) => other.key === key);
    if (item) await keep({ ...item, refusal: null });
    await flush();
  }

  return { items, isSending, isKept, waiting, load, add, flush, retry, drop };
}

/** A random version-4 UUID; `crypto.randomUUID` is missing on a page without https. */
export function newActionKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
