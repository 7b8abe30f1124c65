/** So many ends within the window are not bad luck any more. */
const ENDS_MAX = 5;
const ENDS_WINDOW_MS = 60_000;

/** How long something that ended waits until it is started again. */
export const RESTART_AFTER_MS = 1000;

/** Whether what ends by itself is started again: not for the fifth time within a minute. */
export class RestartRule {
  private endsMs: number[] = [];

  /**
   * Counts an end.
   * @param nowMs real time, epoch ms.
   * @returns false where starting it again is pointless.
   */
  mayRestart(nowMs: number): boolean {
    this.endsMs = [...this.endsMs.filter((endMs) => nowMs - endMs < ENDS_WINDOW_MS), nowMs];
    return this.endsMs.length < ENDS_MAX;
  }
}
