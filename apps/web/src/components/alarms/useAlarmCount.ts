import type { AlarmList } from '#contracts';
import { onScopeDispose, ref } from 'vue';
import { ApiError, getJson } from '../../api/http.ts';

const REFRESH_MS = 30_000;

/** Alarms that nobody has acknowledged, for the navigation; null while it is not known. */
export function useAlarmCount() {
  const count = ref<number | null>(null);
  const controller = new AbortController();
  const load = async () => {
    try {
      const list = await getJson<AlarmList>('/api/v1/alarms', { pageSize: 1 }, controller.signal);
      count.value = list.counts.open;
    } catch (error) {
      if (controller.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      // The page itself says what is wrong; a count that is not known is not shown.
      count.value = null;
    }
  };
  void load();
  const timer = setInterval(() => void load(), REFRESH_MS);
  onScopeDispose(() => {
    clearInterval(timer);
    controller.abort();
  });
  return count;
}
