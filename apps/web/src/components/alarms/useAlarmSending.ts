import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { WriteArea } from '../../state/writing.ts';
import { useSending } from '../ingest/useSending.ts';

const WORDS: Record<string, string> = {
  'alarm.changed': 'alarms.problems.changed',
  'alarm.closed': 'alarms.problems.closed',
  'alarm.snooze_end': 'alarms.problems.snoozeEnd',
  'alarm.past_day': 'alarms.problems.pastDay',
};

/** As `useSending`, with the refusals of alarms in words of the language that is shown. */
export function useAlarmSending(area: WriteArea = 'alarms') {
  const { t } = useI18n();
  const sending = useSending(area);
  const sentence = computed(() => {
    const key = WORDS[sending.refused.value?.problem.code ?? ''];
    return key === undefined ? sending.sentence.value : t(key);
  });
  return { ...sending, sentence };
}
