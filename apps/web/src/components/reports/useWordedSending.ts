import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { WriteArea } from '../../state/writing.ts';
import { useSending } from '../ingest/useSending.ts';

/** As `useSending`, with refusals in words of the language that is shown: texts of `group.problems` by their code. */
export function useWordedSending(area: WriteArea, group: 'reports' | 'checks') {
  const i18n = useI18n();
  const sending = useSending(area);
  const sentence = computed(() => {
    const key = `${group}.problems.${sending.refused.value?.problem.code ?? ''}`;
    return i18n.te(key) ? i18n.t(key) : sending.sentence.value;
  });
  return { ...sending, sentence };
}
