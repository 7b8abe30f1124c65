/** What came late for a closed month. */
export const adjustmentsEn = {
  adjust: {
    title: 'Adjustments',
    hint: 'Energy, statements or shares that changed after the close: the past stays, the difference is booked in an open period',
    count: '{n} adjustments',
    scan: 'Look now',
    scanHint: 'All counties were last looked at {age}',
    neverScanned: 'All counties were never looked at',
    scanned: '{n} station-months: {proposed} proposed, {withdrawn} withdrawn, {blocked} cannot be told yet',
    chooseCounty: 'Choose a county to look at once; the system looks every day',
    empty: 'No adjustments',
    emptyHint: 'When something changes after a close, it appears here and waits for approval.',
    open: 'Open',
    ofMonth: 'energy of {month}',
    explain:
      'Worked out again with what is known now, against what was booked; only the difference is booked.',
    papers: 'Papers that came late',
    before: 'Booked (yuan)',
    after: 'Should be (yuan)',
    approve: 'Approve and book: {yuan} yuan',
    approveAsk: 'Approve? It is booked at once',
    reject: 'Reject',
    rejectAsk: 'Reject? The same figures are not proposed again',
    state: { proposed: 'Proposed', approved: 'Booked', rejected: 'Rejected', withdrawn: 'Withdrawn' },
    cause: { shares: 'Shares', energy: 'Energy', statement: 'Statement' },
    col: {
      station: 'Station and month',
      cause: 'Cause',
      settled: 'Claim changes by (yuan)',
      total: 'Villages get (yuan)',
    },
  },
};
