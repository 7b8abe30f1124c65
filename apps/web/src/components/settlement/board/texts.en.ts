/** Period board, runs and lineage. */
export const boardEn = {
  board: {
    title: 'Settlement · period board',
    hint: 'A row a county, a column a step: how much is done, and what blocks the rest',
    period: 'Period {month}',
    state: { open: 'Open', on_hold: 'On hold', closed: 'Closed', none: 'Not opened' },
    stateHint: {
      open: 'Takes entries',
      on_hold: 'Reversals and adjustments only',
      closed: 'Nothing changes any more; corrections are adjustments',
      none: 'Takes entries once it is opened',
    },
    change: 'Change state',
    reason: 'Reason (kept for the auditors)',
    step: { open: 'Open', hold: 'Hold', release: 'Release', close: 'Close' },
    ask: {
      open: 'Open {month}?',
      hold: 'Hold {month}: reversals and adjustments only?',
      release: 'Release {month}?',
      close: 'Close {month} for ever?',
    },
    closeBlocked: '{n} things are still blocked; after the close they are mended by adjustments only',
  },
};
