import { onScopeDispose, ref, shallowRef } from 'vue';
import { ApiError, type ShownProblem } from '../api/http.ts';

/**
 * Loads one thing and keeps the newest answer. A second load cancels the first, so that a slow old answer never
 * overwrites a new one; a failed refresh keeps the data and reports the problem beside them.
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>) {
  const data = shallowRef<T | null>(null);
  const problem = shallowRef<ShownProblem | null>(null);
  const isLoading = ref(false);
  let controller: AbortController | null = null;

  async function refresh(options: { clear: boolean } = { clear: false }): Promise<void> {
    controller?.abort();
    const current = new AbortController();
    controller = current;
    if (options.clear) data.value = null;
    isLoading.value = true;
    try {
      const loaded = await load(current.signal);
      if (current.signal.aborted) return;
      data.value = loaded;
      problem.value = null;
    } catch (error) {
      if (current.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error.problem;
    } finally {
      if (controller === current) isLoading.value = false;
    }
  }

  onScopeDispose(() => controller?.abort());
  return { data, problem, isLoading, refresh };
}
