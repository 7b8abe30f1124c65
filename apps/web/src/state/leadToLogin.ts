import { watch } from 'vue';
import type { Router } from 'vue-router';
import { hearReadRefused } from '../api/http.ts';
import { loadSession, mustLogIn } from './account.ts';

/**
 * Leads to the login where nothing may be read without one, and keeps the address to come back to: at the start, and when a
 * session has ended under a page. A change that is refused leads nowhere: its guard says why, and what is typed stays.
 */
export function leadToLogin(router: Router): void {
  const go = () => {
    const { name, fullPath } = router.currentRoute.value;
    if (name !== 'login') void router.replace({ name: 'login', query: { to: fullPath } });
  };
  // The first address is known once the router is ready; before that it is the beginning, and the way back would be lost.
  hearReadRefused(() => {
    void router.isReady().then(go);
    void loadSession();
  });
  void router.isReady().then(() =>
    watch(
      [mustLogIn, router.currentRoute],
      ([must]) => {
        if (must) go();
      },
      { immediate: true },
    ),
  );
  void loadSession();
}
