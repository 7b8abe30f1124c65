import type { SessionView } from '#contracts';
import { computed, ref, shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { session } from '../../state/account.ts';
import { RefusedError, sendJson } from '../ingest/sendJson.ts';

/** Codes of the server whose words are of the language that is shown. */
const WORDS: Record<string, string> = {
  'access.wrong_login': 'wrongLogin',
  'access.busy': 'busy',
  'access.wrong_password': 'wrongPassword',
  'access.same_password': 'samePassword',
  'access.login_needed': 'ended',
  'request.only_local': 'onlyLocal',
  'request.foreign_page': 'foreignPage',
};

/** Sends what concerns the session; the answer is the new session. One thing at a time; a refusal is kept in words. */
export function useAccessSending() {
  const { t } = useI18n();
  const isBusy = ref(false);
  const refused = shallowRef<RefusedError | null>(null);

  /** @returns null where it was refused, or another is under way. */
  async function send(path: string, body: object): Promise<SessionView | null> {
    if (isBusy.value) return null;
    isBusy.value = true;
    refused.value = null;
    try {
      const next = await sendJson<SessionView>('POST', path, body);
      session.value = next;
      return next;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refused.value = error;
      return null;
    } finally {
      isBusy.value = false;
    }
  }

  const sentence = computed(() => {
    if (refused.value === null) return '';
    const { problem, places } = refused.value;
    if (problem.code === 'web.unreachable') return t('problem.unreachable');
    if (problem.code === 'access.slow_down') {
      const seconds = places.find(({ path }) => path === 'retryAfterS')?.message ?? '';
      return t('access.problems.slowDown', { n: seconds });
    }
    const word = WORDS[problem.code];
    return word === undefined ? (problem.detail ?? problem.title) : t(`access.problems.${word}`);
  });
  return { isBusy, sentence, send };
}
