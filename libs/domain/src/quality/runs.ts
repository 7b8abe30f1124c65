/** First and last index of a run, both included. */
export interface Run {
  first: number;
  last: number;
}

/** Cuts a series into runs, as long as possible from the left. `belongs` is asked for each next element of a run. */
export function runsOf<T>(items: readonly T[], belongs: (next: T, run: Run) => boolean): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const [index, item] of items.entries()) {
    if (run && belongs(item, run)) run.last = index;
    else {
      run = { first: index, last: index };
      runs.push(run);
    }
  }
  return runs;
}

/** The middle one, the lower of two; undefined of nothing. */
export function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
