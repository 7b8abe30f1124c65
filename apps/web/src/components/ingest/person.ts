import { ref, watch } from 'vue';

/** Who makes the changes: asked for once, kept in this browser where it lets us. */
const KEY = 'sunledger.person';

function kept(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    // Storage is switched off; the name is asked for again next time.
    return '';
  }
}
export const personName = ref(kept());
watch(personName, (name) => {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // As above.
  }
});

/** The server takes 2 to 40 characters. */
export const isNamed = (name: string) => name.trim().length >= 2 && name.trim().length <= 40;
