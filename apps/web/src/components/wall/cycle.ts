/**
 * The turn of the big screen through its areas. Pure.
 *
 *   running --stepMs--> running (next area)
 *   running --look at an area--> resting --REST_MS--> running
 *   running, resting --pause--> paused --resume--> running
 */
export interface Cycle {
  index: number;
  /** How long the area has been on the screen. */
  shownMs: number;
  pause: 'none' | 'resting' | 'paused';
  /** How long a rest still lasts; 0 where there is none. */
  restMs: number;
}

/** Whoever looked at an area and went away leaves the screen to its turn again. */
export const REST_MS = 120_000;

export const firstTurn = (index: number): Cycle => ({ index, shownMs: 0, pause: 'none', restMs: 0 });

/** Time goes by. After a long sleep of the browser it goes on with the next area, not with all that were missed. */
export function passTime(cycle: Cycle, elapsedMs: number, turn: { count: number; stepMs: number }): Cycle {
  if (cycle.pause === 'paused' || turn.count === 0) return cycle;
  if (cycle.pause === 'resting') {
    const restMs = cycle.restMs - elapsedMs;
    return restMs > 0 ? { ...cycle, restMs } : { ...cycle, shownMs: 0, pause: 'none', restMs: 0 };
  }
  const shownMs = cycle.shownMs + elapsedMs;
  return shownMs < turn.stepMs ? { ...cycle, shownMs } : firstTurn((cycle.index + 1) % turn.count);
}

/** Shows an area because somebody asked for it, and stays there for a while. */
export function lookAt(cycle: Cycle, index: number): Cycle {
  const isKept = cycle.pause === 'paused';
  return { index, shownMs: 0, pause: isKept ? 'paused' : 'resting', restMs: isKept ? 0 : REST_MS };
}

/** Pauses what runs; lets go on what rests or is paused. */
export function togglePause(cycle: Cycle): Cycle {
  return cycle.pause === 'none'
    ? { ...cycle, pause: 'paused', restMs: 0 }
    : { ...cycle, shownMs: 0, pause: 'none', restMs: 0 };
}
