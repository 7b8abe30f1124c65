/** What all pages of the money share. */
export const settlementEn = {
  settle: {
    board: 'Period board',
    places: 'Pages of settlement',
    month: 'Month',
    before: 'Month before',
    after: 'Month after',
    asOf: 'As of {at}',
    print: 'Print',
    signature: { made: 'Made by', checked: 'Checked by', approved: 'Approved by' },
    component: {
      base: 'base',
      subsidy: 'subsidy',
      mechanism_difference: 'mechanism difference',
      deviation: 'deviation',
    },
    problems: {
      ledger: {
        period_missing: 'This month was never opened; a checker opens it first',
        period_closed: 'This month is closed and takes no entry; a correction is an adjustment',
        period_on_hold: 'This month is on hold: reversals and adjustments only',
        period_in_order: 'In the order of the calendar: an earlier month is not closed, or a later one is',
        period_state: 'Somebody else changed the state; load again',
        balance_too_low: 'The balance of an account is too low; nothing was booked',
      },
      allocation: {
        preview_outdated: 'The data changed after the preview; look at a new one before you confirm',
        nothing_received: 'Nothing to give out: nothing was received, or all of it is given out or held back',
        hash_differs: 'This is not the version that you looked at; open it again',
        maker_is_checker: 'Who proposed a run does not approve it; another checker has to',
        policy_unconfirmed: 'The policy is not confirmed by the county; enter a confirmed one under Policies',
        outdated_month: 'The run was proposed in an earlier month; void it and propose again',
        state: 'The state of the run has changed; load again',
        unknown: 'There is no such run',
      },
    },
  },
};
