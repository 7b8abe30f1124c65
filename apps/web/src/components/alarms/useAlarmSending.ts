import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { useSending } from '../ingest/useSending.ts';

const WORDS: Record<string, string> = {
  'alarm.changed': 'alarms.problems.changed',
  'alarm.closed': 'alarms.problems.closed',
  'alarm.snooze_end': 'alarms.problems.snoozeEnd',
};

/** As `useSending`, with the refusals of alarms in words of the language that is shown. */
export function useAlarmSending() {
  const { t } = useI18n();
  const sending = useSending();
  const sentence = computed(() => {
    const key = WORDS[sending.refused.value?.problem.code ?? ''];
    return key === undefined ? sending.sentence.value : t(key);
  });
  return { ...sending, sentence };
}
