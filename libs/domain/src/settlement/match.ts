import { compareFractions, fraction, type Fraction } from '../allocation/fraction.ts';
import type { PricedRange } from '../tariff/tariff.ts';

/** What a grid statement says of one account and month (domain.md 2.3); null is not on the paper. */
export interface StatementFacts {
  energyWh: bigint | null;
  lines: { component: string; amountFen: bigint | null }[];
  totalFen: bigint | null;
  /** Readings of the meter in Wh before the multiplier. */
  previousWh: bigint | null;
  presentWh: bigint | null;
  multiplier: bigint | null;
}

export interface MatchTolerances {
  /** A line may differ by this from kWh × tariff (requirement 22: 0.01 yuan). */
  amountFen: bigint;
  /** Settled against metered energy, either sign (requirement 23). */
  energyWarn: Fraction;
  energyAlarm: Fraction;
}

export const MATCH_TOLERANCES: MatchTolerances = {
  amountFen: 1n,
  energyWarn: fraction(3n, 100n),
  energyAlarm: fraction(8n, 100n),
};

export type MatchReason =
  | 'match.energy_missing'
  | 'match.telemetry_unknown'
  | 'match.energy_warn'
  | 'match.energy_alarm'
  | 'match.reading_differs'
  | 'match.tariff_missing'
  | 'match.amount_missing'
  | 'match.amount_differs'
  | 'match.component_missing'
  | 'match.component_unexpected'
  | 'match.total_differs';

export interface MatchFinding {
  reason: MatchReason;
  /** `blocking` keeps the statement from the ledger; `warning` wants a look; `alarm` wants a signed reason. */
  level: 'warning' | 'alarm' | 'blocking';
  component: string | null;
  /** The stated and the other figure, Wh or fen; null is unknown. */
  stated: bigint | null;
  expected: bigint | null;
}

export interface MatchResult {
  state: 'matched' | 'matched_with_warnings' | 'needs_reason' | 'blocked';
  findings: MatchFinding[];
}

/**
 * Statement against telemetry against tariff (requirements 14, 22, 23, 53; A14). Money follows the statement;
 * telemetry and tariff only say whether it may be believed.
 * @param input `metered` is telemetry of the month in Wh, null where a day is unknown; `priced` is null where no price
 *   is known
 */
export function matchStatement(input: {
  statement: StatementFacts;
  meteredWh: bigint | null;
  priced: PricedRange | null;
  tolerances?: MatchTolerances;
}): MatchResult {
  const tolerances = input.tolerances ?? MATCH_TOLERANCES;
  const findings = [
    ...energyFindings(input.statement, input.meteredWh, tolerances),
    ...readingFindings(input.statement),
    ...amountFindings(input.statement, input.priced, tolerances),
    ...totalFindings(input.statement),
  ];
  return { state: stateOf(findings), findings };
}

function stateOf(findings: readonly MatchFinding[]): MatchResult['state'] {
  const levels = new Set(findings.map(({ level }) => level));
  if (levels.has('blocking')) return 'blocked';
  if (levels.has('alarm')) return 'needs_reason';
  return levels.has('warning') ? 'matched_with_warnings' : 'matched';
}

function energyFindings(
  { energyWh }: StatementFacts,
  meteredWh: bigint | null,
  tolerances: MatchTolerances,
): MatchFinding[] {
  const figures = { component: null, stated: energyWh, expected: meteredWh };
  if (energyWh === null) return [{ ...figures, reason: 'match.energy_missing', level: 'blocking' }];
  if (meteredWh === null) return [{ ...figures, reason: 'match.telemetry_unknown', level: 'warning' }];
  if (energyWh === meteredWh) return [];
  const gapWh = meteredWh > energyWh ? meteredWh - energyWh : energyWh - meteredWh;
  // Nothing settled and something metered is beyond every tolerance.
  if (energyWh <= 0n) return [{ ...figures, reason: 'match.energy_alarm', level: 'alarm' }];
  const gap = fraction(gapWh, energyWh);
  if (compareFractions(gap, tolerances.energyAlarm) > 0)
    return [{ ...figures, reason: 'match.energy_alarm', level: 'alarm' }];
  if (compareFractions(gap, tolerances.energyWarn) > 0)
    return [{ ...figures, reason: 'match.energy_warn', level: 'warning' }];
  return [];
}

function readingFindings(statement: StatementFacts): MatchFinding[] {
  const { energyWh, previousWh, presentWh, multiplier } = statement;
  if (energyWh === null || previousWh === null || presentWh === null || multiplier === null) return [];
  const readWh = (presentWh - previousWh) * multiplier;
  if (readWh === energyWh) return [];
  return [
    {
      reason: 'match.reading_differs',
      level: 'alarm',
      component: null,
      stated: energyWh,
      expected: readWh,
    },
  ];
}

function amountFindings(
  statement: StatementFacts,
  priced: PricedRange | null,
  tolerances: MatchTolerances,
): MatchFinding[] {
  if (priced === null)
    return [
      {
        reason: 'match.tariff_missing',
        level: 'blocking',
        component: null,
        stated: statement.totalFen,
        expected: null,
      },
    ];
  const stated = new Map(statement.lines.map(({ component, amountFen }) => [component, amountFen]));
  const known = new Set(priced.lines.map(({ component }) => component));
  const findings = priced.lines.flatMap(({ component, amountFen }): MatchFinding[] => {
    const found = stated.get(component);
    if (found === undefined)
      return [
        {
          reason: 'match.component_missing',
          level: 'alarm',
          component,
          stated: null,
          expected: amountFen,
        },
      ];
    if (found === null) return [];
    const gapFen = found > amountFen ? found - amountFen : amountFen - found;
    return gapFen > tolerances.amountFen
      ? [{ reason: 'match.amount_differs', level: 'alarm', component, stated: found, expected: amountFen }]
      : [];
  });
  for (const { component, amountFen } of statement.lines) {
    const figures = { component, stated: amountFen, expected: null };
    if (amountFen === null) findings.push({ ...figures, reason: 'match.amount_missing', level: 'blocking' });
    if (!known.has(component))
      findings.push({ ...figures, reason: 'match.component_unexpected', level: 'alarm' });
  }
  return findings;
}

function totalFindings({ lines, totalFen }: StatementFacts): MatchFinding[] {
  let sumFen = 0n;
  for (const { amountFen } of lines) {
    if (amountFen === null) return [];
    sumFen += amountFen;
  }
  if (totalFen === sumFen) return [];
  return [
    { reason: 'match.total_differs', level: 'blocking', component: null, stated: totalFen, expected: sumFen },
  ];
}
