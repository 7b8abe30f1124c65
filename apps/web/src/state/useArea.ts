import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** The county of the address (`?county=141124`), empty for the whole city, and how to choose another. */
export function useArea() {
  const route = useRoute();
  const router = useRouter();
  const county = computed(() => {
    const value = route.query['county'];
    return (Array.isArray(value) ? value[0] : value) ?? '';
  });
  /** Stays on the overview or the list; the page of one station has no area, so a choice there opens the list. */
  function chooseCounty(code: string): void {
    const query: Record<string, string | (string | null)[] | null> = {};
    for (const [name, value] of Object.entries(route.query))
      if (value !== undefined && !['county', 'township', 'page'].includes(name)) query[name] = value;
    if (code !== '') query['county'] = code;
    void router.push({ path: route.name === 'station' ? '/stations' : route.path, query });
  }
  return { county, chooseCounty };
}
