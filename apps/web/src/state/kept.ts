import { ref, watch, type Ref } from 'vue';

/** What this browser keeps under a name; `absent` where there is nothing, or where it keeps nothing. */
export function kept<T>(name: string, absent: T): T {
  try {
    const text = localStorage.getItem(`sunledger.${name}`);
    return text === null ? absent : (JSON.parse(text) as T);
  } catch {
    return absent;
  }
}

/** Keeps a value under a name; null takes it away. */
export function keepAs(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(`sunledger.${name}`);
    else localStorage.setItem(`sunledger.${name}`, JSON.stringify(value));
  } catch {
    // Storage is switched off or full: the form works, and forgets.
    return;
  }
}

/**
 * What is typed into a form: it survives a refusal, a reload and a way through the login, until `clear`.
 * @param empty the form as it begins; fields that a kept draft does not have are taken from it
 */
export function useDraft<T extends object>(
  name: string,
  empty: () => T,
): { draft: Ref<T>; clear: () => void } {
  const key = `draft.${name}`;
  const draft: Ref<T> = ref(empty()) as Ref<T>;
  draft.value = { ...empty(), ...kept<Partial<T>>(key, {}) };
  watch(draft, (next) => keepAs(key, next), { deep: true, flush: 'sync' });
  return {
    draft,
    clear: () => {
      draft.value = empty();
      keepAs(key, null);
    },
  };
}
