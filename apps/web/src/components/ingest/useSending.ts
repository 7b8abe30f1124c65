import { computed, ref, shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { noteRefusal, noteTaken, type WriteArea } from '../../state/writing.ts';
import { RefusedError } from './sendJson.ts';

/** One thing at a time is sent; what went wrong with it is kept, in words and places; who may not, in `writing`. */
export function useSending(area: WriteArea = 'data') {
  const { t } = useI18n();
  const isBusy = ref(false);
  const refused = shallowRef<RefusedError | null>(null);

  /** @returns null where it was refused, or another is under way. */
  async function run<T>(work: () => Promise<T>): Promise<T | null> {
    if (isBusy.value) return null;
    isBusy.value = true;
    refused.value = null;
    try {
      const done = await work();
      noteTaken(area);
      return done;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refused.value = error;
      noteRefusal(area, error.problem);
      return null;
    } finally {
      isBusy.value = false;
    }
  }

  const sentence = computed(() => {
    const problem = refused.value?.problem;
    if (!problem) return '';
    // Where a guard stands around the buttons, it says who may not.
    if (area !== 'data' && (problem.status === 401 || problem.status === 403)) return '';
    if (problem.code === 'request.only_local') return t('ingest.onlyLocal');
    if (problem.code === 'web.unreachable') return t('problem.unreachable');
    return t('ingest.failed', { detail: problem.detail ?? problem.title });
  });
  const places = computed(() => refused.value?.places ?? []);
  return { isBusy, refused, sentence, places, run };
}
