import { ref } from 'vue';
import { problemOf } from '../../api/http.ts';
import { noteRefusal, noteTaken } from '../../state/writing.ts';
import { makeOutbox, type OutboxItem, type OutboxStore, type SendResult } from './outbox.ts';

/** The outbox of this browser: kept in IndexedDB, which takes photos as well, and sent when there is a network. */
const DATABASE = 'sunledger';
const STORE = 'outbox';
/** A photo of a megabyte at the edge of a network takes long; after this another try is better. */
const SEND_LIMIT_MS = 90_000;
const RETRY_EVERY_MS = 15_000;
/** Answers after which the same request may succeed later. */
const PASSING: ReadonlySet<number> = new Set([0, 408, 425, 429]);

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener('upgradeneeded', () =>
      request.result.createObjectStore(STORE, { keyPath: 'key' }),
    );
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB')));
  });
}

async function inStore<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.addEventListener('complete', () => resolve(request.result));
      transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('IndexedDB')));
    });
  } finally {
    database.close();
  }
}

const indexedStore: OutboxStore = {
  all: () => inStore<OutboxItem[]>('readonly', (store) => store.getAll()),
  put: async (item) => {
    await inStore('readwrite', (store) => store.put(item));
  },
  remove: async (key) => {
    await inStore('readwrite', (store) => store.delete(key));
  },
};

async function send(item: OutboxItem): Promise<SendResult> {
  const type = typeof item.body === 'string' ? 'application/json' : 'application/octet-stream';
  try {
    const response = await fetch(item.path, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': type },
      body: item.body,
      signal: AbortSignal.timeout(SEND_LIMIT_MS),
    });
    if (response.ok) {
      noteTaken('workOrders');
      return { kind: 'sent' };
    }
    if (response.status >= 500 || PASSING.has(response.status)) return { kind: 'unreachable' };
    const problem = problemOf(response.status, await response.json().catch(() => null));
    noteRefusal('workOrders', problem);
    return { kind: 'refused', code: problem.code, detail: problem.detail ?? problem.title };
  } catch {
    return { kind: 'unreachable' };
  }
}

/** Grows with every item that the server took, so that pages read again. */
export const sentCount = ref(0);
export const outbox = makeOutbox({ store: indexedStore, send, onSent: () => (sentCount.value += 1) });

let isStarted = false;

/** Reads what is kept and sends it whenever there may be a network; called by the pages of work orders. */
export function startOutbox(): void {
  if (isStarted) return;
  isStarted = true;
  const tryNow = () => void outbox.flush();
  void outbox.load().then(tryNow);
  addEventListener('online', tryNow);
  setInterval(tryNow, RETRY_EVERY_MS);
}
