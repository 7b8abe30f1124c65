import { computed, onScopeDispose, watch, type Ref } from 'vue';
import { useRoute } from 'vue-router';
import { getJson, type QueryValues } from '../api/http.ts';
import { useResource } from './useResource.ts';

/** What stands where a list will be: nothing yet, nothing at all, an empty list, or its rows. */
export type ListState = 'waiting' | 'failed' | 'empty' | 'there';

interface ListOptions {
  /** Name of the route; the way to another place leaves with an address that is not its own. */
  place: string;
  path: string;
  asked: Ref<QueryValues>;
  everyMs: number | null;
}

type LoadedList<T> = ReturnType<typeof useResource<T>> & { state: Ref<ListState> };

/** The list of a page: fetched when the address asks for another, and again every so often while the page is open. */
export function useList<T extends { items: readonly unknown[] }>(options: ListOptions): LoadedList<T> {
  const route = useRoute();
  const { data, problem, isLoading, refresh } = useResource((signal) =>
    getJson<T>(options.path, options.asked.value, signal),
  );
  watch(
    () => JSON.stringify(options.asked.value),
    () => {
      if (route.name === options.place) void refresh();
    },
    { immediate: true },
  );
  if (options.everyMs !== null) {
    const timer = setInterval(() => void refresh(), options.everyMs);
    onScopeDispose(() => clearInterval(timer));
  }
  const state = computed<ListState>(() => {
    if (data.value === null) return problem.value === null ? 'waiting' : 'failed';
    return data.value.items.length === 0 ? 'empty' : 'there';
  });
  return { data, problem, isLoading, refresh, state };
}
