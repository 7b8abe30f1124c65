import { useRoute, useRouter } from 'vue-router';

/** What the address says, by name, and how it is changed: empty values leave it, another choice begins at page 1. */
export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  /** The first value of that name; empty where there is none. */
  const textOf = (name: string): string => {
    const value = route.query[name];
    return (Array.isArray(value) ? value[0] : value) ?? '';
  };
  /** A positive whole number; null for anything else. */
  const numberOf = (name: string): number | null =>
    /^[1-9]\d{0,14}$/.test(textOf(name)) ? Number(textOf(name)) : null;
  function change(part: Record<string, string>): void {
    const query = Object.fromEntries(
      Object.entries({ ...route.query, page: '', ...part }).filter(([, value]) => value !== ''),
    );
    void router.replace({ query });
  }
  return { route, textOf, numberOf, change };
}
