/** Where the money is. */
export const dashboardEn = {
  dash: {
    title: 'Settlement analysis · {place}',
    headline: {
      stations: 'Stations',
      villages: 'Villages',
      households: 'Households',
      opening: 'Settled before',
      posts: 'Public-welfare posts',
    },
    define: {
      stations:
        'Physical stations of the registry: one a site, a joint one counted once; not grid accounts or shares',
      villages: 'Administrative villages with an asset share in a station that were not merged into another',
      households: 'Sum of the benefiting households that the registry has for these villages',
      opening:
        'Settled before this ledger began, base and subsidy, when stated, up to the day shown; in no figure below',
      posts:
        'Sum of the posts that the registry has for these villages: posts, not persons and not households',
    },
    funnel: 'How far the money has come (yuan)',
    funnelHint:
      'Since this ledger began; settled, received, given out, transferred and paid are five totals, never added',
    step: {
      settled: 'Settled',
      received: 'Received',
      given_out: 'Given out',
      transferred: 'Transferred to villages',
      paid: 'Paid to people',
    },
    resting: {
      settled: 'Not received:',
      received: 'Not given out:',
      given_out: 'Not transferred:',
      transferred: 'Not paid:',
      paid: 'Paid:',
    },
    unknown: 'not recorded here yet',
    ageHead: 'Age',
    age: {
      to_30: 'up to 30 days',
      to_60: '31–60 days',
      to_90: '61–90 days',
      to_365: '91–365 days',
      over_365: 'over a year',
    },
    months: 'Settled by month and a year before',
    monthsQuestion: 'More or less than last year, and has it come?',
    counties: 'Settled by county and a year before',
    countiesQuestion: 'Which county changed most in 12 months?',
    receivables: 'Receivables by age',
    receivablesQuestion: 'How long is what has not come owed, as base or as subsidy?',
    settled: 'Settled',
    lastYear: 'A year before',
    received: 'of it received',
    unit: '10k yuan',
    match: 'Quality of the match',
    matchState: {
      missing: 'no statement has come',
      matched: 'agrees',
      matched_with_warnings: 'agrees, with warnings',
      needs_reason: 'wants a reason',
      signed: 'signed for',
      blocked: 'may not be believed',
    },
    toBoard: 'To the period board',
    villages: 'Villages by what they were given (365 days)',
    villagesHint:
      'Given by approved runs and adjustments in the last 365 days, the largest first, 20 villages at most; yuan',
    noVillages: 'No approved run in the last 365 days',
    given: 'Given out (yuan)',
    transferred: 'Transferred (yuan)',
  },
};
