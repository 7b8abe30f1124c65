import { describe, expect, it } from 'vitest';
import { fraction } from '../../allocation/fraction.ts';
import { checkRatio } from '../deductions.ts';
import {
  checkDoubleRent,
  checkInvoice,
  checkLoan,
  checkMatch,
  checkPayRatio,
  checkReceivable,
  checkRest,
  checkShares,
} from './money-checks.ts';
import { checkPay, type PayFacts } from './plan-checks.ts';
import { checkContracts, checkRepair, checkStation } from './station-checks.ts';
import type { CheckFinding } from './finding.ts';

const TODAY = '2025-07-01';
const named = (findings: readonly CheckFinding[]) => findings.map(({ code, reason }) => `${code} ${reason}`);

describe('checks of stations', () => {
  const sound = {
    stationCode: 'ST001',
    commissionedOn: '2019-06-01',
    capacityW: 300_000n,
    isCapacityConfirmed: false,
    firstReadingDay: '2019-06-02',
    peakPowerW: 329_999n,
  };
  it('find bare ground, the 100万kW mistake and more power than is registered', () => {
    expect(checkStation(sound, TODAY)).toEqual([]);
    expect(named(checkStation({ ...sound, firstReadingDay: null }, TODAY))).toEqual(['A1 never_reported']);
    expect(
      named(checkStation({ ...sound, firstReadingDay: null, commissionedOn: '2025-06-02' }, TODAY)),
    ).toEqual([]);
    const million = { ...sound, capacityW: 1_000_000_000n };
    expect(named(checkStation(million, TODAY))).toEqual(['A1 capacity_out_of_range']);
    expect(checkStation({ ...million, isCapacityConfirmed: true }, TODAY)).toEqual([]);
    expect(named(checkStation({ ...sound, peakPowerW: 330_001n }, TODAY))).toEqual(['A14 over_capacity']);
  });

  it('find a low station that nobody repairs, or too late', () => {
    const low = { stationCode: 'ST001', lowDays: 3, openWorkOrder: null };
    expect(named(checkRepair(low, TODAY))).toEqual(['A8 low_without_work_order']);
    expect(checkRepair({ ...low, lowDays: null }, TODAY)).toEqual([]);
    const openWorkOrder = { openedOn: '2025-06-20', dueOn: '2025-06-23' };
    expect(checkRepair({ ...low, openWorkOrder }, TODAY)).toMatchObject([
      { reason: 'work_order_overdue', evidence: { daysOver: 8 } },
    ]);
    expect(checkRepair({ ...low, openWorkOrder: { ...openWorkOrder, dueOn: TODAY } }, TODAY)).toEqual([]);
  });

  it('find contracts and insurance that ended', () => {
    const contract = { contractNumber: 'C1', effectiveFrom: '2024-07-01', effectiveTo: '2025-07-01' };
    const facts = { stationCode: 'ST001', operation: [contract], insurance: [] };
    expect(named(checkContracts(facts, '2025-06-30'))).toEqual(['A9 insurance_missing']);
    expect(named(checkContracts(facts, TODAY))).toEqual([
      'A9 operation_contract_not_in_force',
      'A9 insurance_missing',
    ]);
  });
});

describe('checks of money', () => {
  it('find money that rests, by 30, 60 and 90 days', () => {
    const level = (sinceDay: string) =>
      checkRest({ subject: 'V1', hop: 'agency', amountFen: 5n, sinceDay }, TODAY)[0]?.level ?? null;
    expect(['2025-06-01', '2025-05-31', '2025-05-01', '2025-04-01'].map(level)).toEqual([
      null,
      'info',
      'warning',
      'critical',
    ]);
  });

  it('find a ratio below the rule', () => {
    const ratio = checkRatio({
      wagesFen: 79n,
      labourFen: 0n,
      denominatorFen: 100n,
      minimum: fraction(4n, 5n),
    });
    expect(checkPayRatio('V1', ratio)).toMatchObject([{ code: 'A4', evidence: { shortFen: 1n } }]);
  });

  it('find rent paid twice for the same days of a contract, not one after the other', () => {
    const rent = (paymentRef: string, from: string, to: string, contractNumber = 'L1') => ({
      paymentRef,
      contractNumber,
      from,
      to,
      amountFen: 1000n,
    });
    const year = rent('P1', '2024-01-01', '2025-01-01');
    expect(checkDoubleRent([year, rent('P2', '2025-01-01', '2026-01-01')])).toEqual([]);
    expect(checkDoubleRent([year, rent('P2', '2024-01-01', '2025-01-01', 'L2')])).toEqual([]);
    expect(
      checkDoubleRent([rent('P3', '2024-06-01', '2024-07-01'), year, rent('P2', '2024-12-01', '2025-06-01')]),
    ).toMatchObject([
      { evidence: { first: 'P1', second: 'P3', from: '2024-06-01', to: '2024-07-01' } },
      { evidence: { first: 'P1', second: 'P2', from: '2024-12-01', to: '2025-01-01' } },
    ]);
  });

  it('find a loan, forbidden for stations under 29号 and shown for older ones', () => {
    const cost = {
      subject: 'ST001',
      description: '偿还银行贷款',
      amountFen: 1n,
      commissionedOn: '2018-12-01',
    };
    expect(named(checkLoan(cost))).toEqual(['A10 loan_forbidden']);
    expect(named(checkLoan({ ...cost, commissionedOn: '2017-05-30' }))).toEqual([
      'A10 loan_of_older_station',
    ]);
    expect(checkLoan({ ...cost, description: '保险费' })).toEqual([]);
  });

  it('find subsidy older than a year and a class that is not that of the catalogue', () => {
    const receivable = {
      stationCode: 'ST001',
      month: '2024-06',
      openFen: 5n,
      registeredClass: 'national',
      catalogueClass: 'national',
    } as const;
    expect(checkReceivable(receivable, '2025-06')).toEqual([]);
    expect(named(checkReceivable(receivable, '2025-07'))).toEqual(['A11 subsidy_overdue']);
    expect(named(checkReceivable({ ...receivable, catalogueClass: null }, '2025-06'))).toEqual([
      'A11 class_differs',
    ]);
  });

  it('find a settlement without an invoice after 30 days', () => {
    const settlement = {
      stationCode: 'ST001',
      month: '2025-05',
      settledOn: '2025-06-01',
      invoiceNumber: null,
    };
    expect(checkInvoice(settlement, TODAY)).toEqual([]);
    expect(named(checkInvoice(settlement, '2025-07-02'))).toEqual(['A12 invoice_missing']);
    expect(checkInvoice({ ...settlement, invoiceNumber: '0123' }, '2025-09-01')).toEqual([]);
  });

  it('find settled energy that is not what was metered', () => {
    const finding = {
      reason: 'match.energy_alarm',
      level: 'alarm',
      component: null,
      stated: 1n,
      expected: 2n,
    } as const;
    expect(checkMatch('ST001', { state: 'needs_reason', findings: [finding] })).toMatchObject([
      { code: 'A14', level: 'critical', evidence: { settledWh: 1n, meteredWh: 2n } },
    ]);
  });

  it('find shares that are not the whole and merged villages without a successor', () => {
    const share = (villageCode: string, numerator: bigint, effectiveTo: string | null = null) => ({
      villageCode,
      share: fraction(numerator, 2n),
      effectiveFrom: '2020-01-01',
      effectiveTo,
    });
    const villages = new Map([
      ['a', { code: 'a', successorCode: null, mergedOn: '2021-05-01' }],
      ['b', { code: 'b', successorCode: null, mergedOn: null }],
    ]);
    const facts = { stationCode: 'ST001', range: { from: '2025-01-01', to: '2025-07-01' }, villages };
    expect(named(checkShares({ ...facts, shares: [share('a', 1n), share('b', 1n, '2025-06-01')] }))).toEqual([
      'A16 shares_not_one',
      'A16 successor_missing',
    ]);
    expect(checkShares({ ...facts, shares: [share('b', 2n)] })).toEqual([]);
  });
});

describe('checks of a pay batch', () => {
  const sound: PayFacts = {
    batchRef: 'B1',
    villageCode: 'V1',
    paidOn: '2025-07-08',
    amountFen: 100n,
    plan: { planRef: 'P1', inForceFrom: '2025-02-01', budgetFen: 1000n, paidBeforeFen: 900n },
    notice: { noticeRef: 'N1', fromDay: '2025-07-01', toDay: '2025-07-08', photos: 1, openObjections: 0 },
  };
  const plan = { planRef: 'P1', inForceFrom: '2025-02-01', budgetFen: 1000n, paidBeforeFen: 901n };
  const notice = {
    noticeRef: 'N1',
    fromDay: '2025-07-01',
    toDay: '2025-07-08',
    photos: 1,
    openObjections: 0,
  };

  it('pass a plan in force and a notice of seven days with a photo', () => {
    expect(checkPay(sound)).toEqual([]);
  });

  it('find pay without a plan, before it is in force, and over it', () => {
    expect(named(checkPay({ ...sound, plan: null }))).toEqual(['A13 plan_missing']);
    expect(named(checkPay({ ...sound, plan: { ...plan, inForceFrom: null } }))).toEqual([
      'A13 plan_not_in_force',
      'A13 over_plan',
    ]);
  });

  it('find a notice that is missing, too short, without photo, not over, or objected to', () => {
    expect(named(checkPay({ ...sound, notice: null }))).toEqual(['A15 notice_missing']);
    expect(named(checkPay({ ...sound, paidOn: '2025-07-07' }))).toEqual(['A15 paid_before_notice_ends']);
    expect(
      named(checkPay({ ...sound, notice: { ...notice, toDay: '2025-07-06', photos: 0, openObjections: 2 } })),
    ).toEqual(['A15 notice_too_short', 'A15 notice_without_photo', 'A15 objection_open']);
  });
});
