import type { SessionView } from '#contracts';
import { computed, shallowRef } from 'vue';
import { ApiError, getJson } from '../api/http.ts';

/** Who is logged in and what he may do; null until the server has said so. */
export const session = shallowRef<SessionView | null>(null);
export const account = computed(() => session.value?.account ?? null);

/** True where this page may show nothing before a login, or before a password of one's own. */
export const mustLogIn = computed(() => {
  if (session.value === null) return false;
  const { account: known, readingNeedsLogin } = session.value;
  return known === null ? readingNeedsLogin : known.mustChangePassword;
});

const RETRY_MS = 5_000;

/** Asks who is logged in, and again after a pause for as long as the server cannot be reached. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await getJson<SessionView>('/api/v1/session', {}, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setTimeout(() => void loadSession(), RETRY_MS);
  }
}

/** The place of this server that an address names; anything else is the beginning. A login leads nowhere else. */
export function ownPlace(text: unknown): string {
  if (typeof text !== 'string' || !/^\/(?![/\\])/.test(text)) return '/';
  return text.startsWith('/login') ? '/' : text;
}

/**
 * Goes to a place with the whole page loaded anew, so that nothing of what another person saw is left in it.
 */
export function startAnew(place: string): void {
  window.location.assign(ownPlace(place));
}
