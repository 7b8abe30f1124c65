import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { useSending } from '../ingest/useSending.ts';

/** As `useSending`, with the refusals of the review in words of the language that is shown. */
export function useReviewSending() {
  const i18n = useI18n();
  const sending = useSending();
  const sentence = computed(() => {
    const key = `review.problems.${sending.refused.value?.problem.code ?? ''}`;
    return i18n.te(key) ? i18n.t(key) : sending.sentence.value;
  });
  return { ...sending, sentence };
}
