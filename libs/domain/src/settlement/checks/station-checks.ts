import { addDays, daysBetween } from '../../time/shanghai.ts';
import type { CheckFinding } from './finding.ts';

/** Village and joint stations have 1 to 10,000 kW; above, somebody confirms it is no mistaken unit (A1: 100万kW). */
export const CAPACITY_W_MIN = 1_000n;
export const CAPACITY_W_MAX = 10_000_000n;
/** A station that is built and silent for so long has never reported. */
export const SILENT_DAYS_MAX = 30;
/** Test of the registered capacity: more than 1.1 of it was reached (A14, requirement 39). */
const OVER_CAPACITY = { numerator: 11n, denominator: 10n };

export interface StationFacts {
  stationCode: string;
  commissionedOn: string;
  capacityW: bigint;
  /** Somebody looked and signed a capacity outside the usual range. */
  isCapacityConfirmed: boolean;
  /** Shanghai day of the first reading ever; null where none came. */
  firstReadingDay: string | null;
  /** Highest believed power; null where none is known. */
  peakPowerW: bigint | null;
}

/** A1 and A14: stations that exist on paper, mistaken units, more power than is registered. */
export function checkStation(station: StationFacts, today: string): CheckFinding[] {
  const { stationCode: subject, commissionedOn, capacityW, peakPowerW } = station;
  const findings: CheckFinding[] = [];
  if (station.firstReadingDay === null && addDays(commissionedOn, SILENT_DAYS_MAX) <= today)
    findings.push({
      code: 'A1',
      reason: 'never_reported',
      level: 'critical',
      subject,
      owner: 'county',
      evidence: { commissionedOn, today },
    });
  if ((capacityW < CAPACITY_W_MIN || capacityW > CAPACITY_W_MAX) && !station.isCapacityConfirmed)
    findings.push({
      code: 'A1',
      reason: 'capacity_out_of_range',
      level: 'critical',
      subject,
      owner: 'operator',
      evidence: { capacityW },
    });
  if (peakPowerW !== null && peakPowerW * OVER_CAPACITY.denominator > capacityW * OVER_CAPACITY.numerator)
    findings.push({
      code: 'A14',
      reason: 'over_capacity',
      level: 'warning',
      subject,
      owner: 'operator',
      evidence: { peakPowerW, capacityW },
    });
  return findings;
}

export interface OutputFacts {
  stationCode: string;
  /** Whole days in a row below what was expected; null is not judged. */
  lowDays: number | null;
  openWorkOrder: { openedOn: string; dueOn: string } | null;
}

/** Low days in a row before a work order must be there (domain.md 3.2: three days below 80 %). */
const LOW_DAYS_MAX = 3;

/** A8: a low or silent station that nobody repairs, or not in time. */
export function checkRepair(output: OutputFacts, today: string): CheckFinding[] {
  const { stationCode: subject, lowDays, openWorkOrder } = output;
  if (openWorkOrder === null)
    return lowDays !== null && lowDays >= LOW_DAYS_MAX
      ? [
          {
            code: 'A8',
            reason: 'low_without_work_order',
            level: 'warning',
            subject,
            owner: 'operator',
            evidence: { lowDays },
          },
        ]
      : [];
  if (openWorkOrder.dueOn >= today) return [];
  return [
    {
      code: 'A8',
      reason: 'work_order_overdue',
      level: 'warning',
      subject,
      owner: 'township',
      evidence: { ...openWorkOrder, daysOver: daysBetween(openWorkOrder.dueOn, today).length },
    },
  ];
}

export interface DatedContract {
  contractNumber: string;
  effectiveFrom: string;
  /** First day on which it no longer holds. */
  effectiveTo: string;
}

/** A9: O&M contract and insurance are there today (requirement 46). */
export function checkContracts(
  facts: { stationCode: string; operation: readonly DatedContract[]; insurance: readonly DatedContract[] },
  today: string,
): CheckFinding[] {
  const holds = (contracts: readonly DatedContract[]) =>
    contracts.some(({ effectiveFrom, effectiveTo }) => effectiveFrom <= today && today < effectiveTo);
  const kinds = [
    { contracts: facts.operation, name: 'operation_contract' },
    { contracts: facts.insurance, name: 'insurance' },
  ];
  return kinds.flatMap(({ contracts, name }): CheckFinding[] => {
    if (holds(contracts)) return [];
    const last = contracts.reduce<string | null>(
      (latest, { effectiveTo }) => (latest === null || effectiveTo > latest ? effectiveTo : latest),
      null,
    );
    return [
      {
        code: 'A9',
        reason: contracts.length === 0 ? `${name}_missing` : `${name}_not_in_force`,
        level: 'warning',
        subject: facts.stationCode,
        owner: 'county',
        evidence: { lastEndsOn: last, today },
      },
    ];
  });
}
