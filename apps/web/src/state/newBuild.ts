import type { Router } from 'vue-router';

/** A server that is built anew every minute must not keep a page in a circle. */
const AGAIN_AFTER_MS = 60_000;
const KEY = 'sunledger.reloaded';

function wasJustReloaded(): boolean {
  try {
    const last = Number(sessionStorage.getItem(KEY) ?? 0);
    sessionStorage.setItem(KEY, String(Date.now()));
    return Date.now() - last < AGAIN_AFTER_MS;
  } catch {
    // Without storage nothing says whether it helped; the error stays, and so does the page.
    return true;
  }
}

/**
 * Files of the app are named by their content. A page that was opened before a new build names files that are gone;
 * where it needs one of them it is loaded anew, at the place it was on its way to.
 */
export function reloadOnNewBuild(router: Router): void {
  let target: string | null = null;
  router.onError((_error, to) => (target = to.fullPath));
  addEventListener('vite:preloadError', () => {
    // The router hears of it after this event.
    setTimeout(() => {
      if (wasJustReloaded()) return;
      if (target === null) location.reload();
      else location.assign(target);
    });
  });
}
