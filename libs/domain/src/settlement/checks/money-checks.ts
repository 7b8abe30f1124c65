import type { MatchResult } from '../match.ts';
import type { RatioCheck } from '../deductions.ts';
import { shareGaps, type DatedShare } from '../../allocation/shares.ts';
import { successorOn, type VillageLineage } from '../../allocation/villages.ts';
import { MoneyError } from '../../allocation/money-error.ts';
import { daysBetween } from '../../time/shanghai.ts';
import { compareCodes } from '../../allocation/allocate.ts';
import type { CheckFinding, CheckLevel } from './finding.ts';

/** Days that money may rest at a hop before it is a finding, and before it is worse (requirement 40). */
export const REST_DAYS = { info: 30, warning: 60, critical: 90 } as const;

export type Hop = 'grid' | 'agency' | 'village';

/** A3: money that rests between grid, agency, village and person. */
export function checkRest(
  rest: { subject: string; hop: Hop; amountFen: bigint; sinceDay: string },
  today: string,
): CheckFinding[] {
  if (rest.amountFen <= 0n) return [];
  const restDays = daysBetween(rest.sinceDay, today).length;
  const level = levelOfRest(restDays);
  if (level === null) return [];
  const owner = ({ grid: 'power_company', agency: 'agency_clerk', village: 'village' } as const)[rest.hop];
  return [
    {
      code: 'A3',
      reason: `rests_at_${rest.hop}`,
      level,
      subject: rest.subject,
      owner,
      evidence: { amountFen: rest.amountFen, sinceDay: rest.sinceDay, restDays },
    },
  ];
}

function levelOfRest(days: number): CheckLevel | null {
  if (days > REST_DAYS.critical) return 'critical';
  if (days > REST_DAYS.warning) return 'warning';
  return days > REST_DAYS.info ? 'info' : null;
}

/** A4: wages and labour fees below the rule in force. */
export function checkPayRatio(subject: string, ratio: RatioCheck): CheckFinding[] {
  if (ratio.isMet) return [];
  return [
    {
      code: 'A4',
      reason: 'ratio_below_rule',
      level: 'critical',
      subject,
      owner: 'village',
      evidence: {
        paidFen: ratio.paidFen,
        floorFen: ratio.floorFen,
        shortFen: ratio.floorFen - ratio.paidFen,
      },
    },
  ];
}

/** A rent that was paid for `from <= day < to` of a land contract. */
export interface RentPayment {
  paymentRef: string;
  contractNumber: string;
  from: string;
  to: string;
  amountFen: bigint;
}

/** A7: one rent per land contract and period; every pair that overlaps is named. */
export function checkDoubleRent(payments: readonly RentPayment[]): CheckFinding[] {
  const sorted = [...payments].sort(
    (a, b) =>
      compareCodes(a.contractNumber, b.contractNumber) ||
      compareCodes(a.from, b.from) ||
      compareCodes(a.paymentRef, b.paymentRef),
  );
  return sorted.flatMap((second, index) =>
    sorted
      .slice(0, index)
      .filter((first) => first.contractNumber === second.contractNumber && second.from < first.to)
      .map((first): CheckFinding => {
        return {
          code: 'A7',
          reason: 'rent_paid_twice',
          level: 'critical',
          subject: second.contractNumber,
          owner: 'village',
          evidence: {
            first: first.paymentRef,
            second: second.paymentRef,
            from: second.from,
            to: first.to < second.to ? first.to : second.to,
            amountFen: second.amountFen,
          },
        };
      }),
  );
}

/** 国能发新能〔2018〕29号 came in March/April 2018 (domain.md 1.2); stations older than it may still carry a loan. */
const NO_LOAN_FROM = '2018-04-01';

/** A10: revenue that serves a loan. For stations under 29号 it is forbidden, for older ones it is shown. */
export function checkLoan(cost: {
  subject: string;
  description: string;
  amountFen: bigint;
  commissionedOn: string;
}): CheckFinding[] {
  if (!/loan|贷款|借款|还款|利息|债/i.test(cost.description)) return [];
  const isForbidden = cost.commissionedOn >= NO_LOAN_FROM;
  return [
    {
      code: 'A10',
      reason: isForbidden ? 'loan_forbidden' : 'loan_of_older_station',
      level: isForbidden ? 'critical' : 'info',
      subject: cost.subject,
      owner: 'county',
      evidence: { amountFen: cost.amountFen, commissionedOn: cost.commissionedOn },
    },
  ];
}

export type SubsidyClass = 'national' | 'local' | 'none';

/** A receivable is old after so many months (requirement 48). */
const RECEIVABLE_MONTHS_MAX = 12;

/** A11: subsidy that does not come, and a class that is not that of the catalogue. */
export function checkReceivable(
  receivable: {
    stationCode: string;
    month: string;
    openFen: bigint;
    registeredClass: SubsidyClass;
    /** Class in the catalogue; null where the station is not in it. */
    catalogueClass: SubsidyClass | null;
  },
  thisMonth: string,
): CheckFinding[] {
  const { stationCode, month, openFen, registeredClass } = receivable;
  const findings: CheckFinding[] = [];
  const ageMonths = monthNumber(thisMonth) - monthNumber(month);
  const owner = 'agency_clerk' as const;
  if (openFen > 0n && ageMonths > RECEIVABLE_MONTHS_MAX)
    findings.push({
      code: 'A11',
      reason: 'subsidy_overdue',
      level: registeredClass === 'national' ? 'critical' : 'warning',
      subject: stationCode,
      owner,
      evidence: { month, openFen, ageMonths },
    });
  const catalogueClass = receivable.catalogueClass ?? 'none';
  if (catalogueClass !== registeredClass)
    findings.push({
      code: 'A11',
      reason: 'class_differs',
      level: 'warning',
      subject: stationCode,
      owner,
      evidence: { registeredClass, catalogueClass },
    });
  return findings;
}

/** Days after which a settlement without its invoice is a finding (requirement 49). */
const INVOICE_DAYS_MAX = 30;

/** A12: settled without an invoice, so that no money can follow. */
export function checkInvoice(
  settlement: { stationCode: string; month: string; settledOn: string; invoiceNumber: string | null },
  today: string,
): CheckFinding[] {
  const ageDays = daysBetween(settlement.settledOn, today).length;
  if (settlement.invoiceNumber !== null || ageDays <= INVOICE_DAYS_MAX) return [];
  return [
    {
      code: 'A12',
      reason: 'invoice_missing',
      level: 'warning',
      subject: settlement.stationCode,
      owner: 'agency_clerk',
      evidence: { month: settlement.month, settledOn: settlement.settledOn, ageDays },
    },
  ];
}

/** Days after the end of a month until its statement has to be there (requirement 49). */
const STATEMENT_DAYS_MAX = 30;

/** A12: no statement of a month, although the station had one before. */
export function checkStatementMissing(
  station: { stationCode: string; month: string; monthEndsOn: string },
  today: string,
): CheckFinding[] {
  const ageDays = daysBetween(station.monthEndsOn, today).length;
  if (ageDays <= STATEMENT_DAYS_MAX) return [];
  return [
    {
      code: 'A12',
      reason: 'statement_missing',
      level: 'warning',
      subject: station.stationCode,
      owner: 'agency_clerk',
      evidence: { month: station.month, ageDays },
    },
  ];
}

/** A14: settled against metered energy, from the match of the statement. */
export function checkMatch(stationCode: string, match: MatchResult): CheckFinding[] {
  return match.findings
    .filter(({ reason }) => reason === 'match.energy_warn' || reason === 'match.energy_alarm')
    .map(({ level, stated, expected }) => ({
      code: 'A14',
      reason: 'settled_differs_from_metered',
      level: level === 'alarm' ? 'critical' : 'warning',
      subject: stationCode,
      owner: 'operator',
      evidence: { settledWh: stated, meteredWh: expected },
    }));
}

/** A16: shares that do not sum to one on some day, and merged villages without a successor. */
export function checkShares(facts: {
  stationCode: string;
  shares: readonly DatedShare[];
  range: { from: string; to: string };
  villages: ReadonlyMap<string, VillageLineage>;
}): CheckFinding[] {
  const { stationCode, range, villages } = facts;
  const owner = 'county' as const;
  const gaps = shareGaps(facts.shares, range).map(({ from, to, sum }): CheckFinding => {
    return {
      code: 'A16',
      reason: 'shares_not_one',
      level: 'critical',
      subject: stationCode,
      owner,
      evidence: { from, to, sum: `${sum.numerator}/${sum.denominator}` },
    };
  });
  const codes = [
    ...new Set(
      facts.shares
        .filter(({ effectiveTo }) => effectiveTo === null || effectiveTo > range.from)
        .map(({ villageCode }) => villageCode),
    ),
  ].sort(compareCodes);
  const orphans = codes.flatMap((villageCode): CheckFinding[] => {
    const reason = lineageFault(villages, villageCode, range.to);
    return reason === null
      ? []
      : [
          {
            code: 'A16',
            reason,
            level: 'critical',
            subject: stationCode,
            owner,
            evidence: { villageCode },
          },
        ];
  });
  return [...gaps, ...orphans];
}

function lineageFault(
  villages: ReadonlyMap<string, VillageLineage>,
  code: string,
  day: string,
): string | null {
  try {
    successorOn(villages, code, day);
    return null;
  } catch (error) {
    if (error instanceof MoneyError && error.code === 'allocation.successor_cycle') return 'successor_cycle';
    if (error instanceof MoneyError && error.code === 'allocation.successor_missing')
      return 'successor_missing';
    throw error;
  }
}

function monthNumber(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
}
