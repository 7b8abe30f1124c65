import type { Fleet } from '#contracts';
import { ApiError, getJson } from '../api/http.ts';
import { clockView, observeClock } from './clock.ts';
import { isSimulated } from './connection.ts';

const RETRY_MS = 5_000;

/**
 * Brings the server's clock and whether the fleet is simulated, for pages whose own answer has neither: a reader who
 * enters by any address is told that what he sees is a demo. Tries again while the server cannot be reached.
 */
export async function loadClock(): Promise<void> {
  if (clockView.value !== null) return;
  try {
    const fleet = await getJson<Fleet>('/api/v1/fleet', {}, new AbortController().signal);
    observeClock(fleet.clock);
    isSimulated.value = fleet.simulated;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setTimeout(() => void loadClock(), RETRY_MS);
  }
}
