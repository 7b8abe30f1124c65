import { describe, expect, it } from 'vitest';
import type { AllocationRunView } from '#contracts';
import { csvFile } from '../../../charts/csv.ts';
import { fractionYuan, plainYuan, runExport, sumsOf } from './runWords.ts';

const village = (villageCode: string, amountFen: string, beforeFen: string | null) => ({
  villageCode,
  villageName: `${villageCode}村`,
  amountFen,
  beforeFen,
  differenceFen: String(BigInt(amountFen) - BigInt(beforeFen ?? '0')),
  costFen: '100',
  netFen: String(BigInt(amountFen) - 100n),
  floorFen: '1',
});
const run: AllocationRunView = {
  id: 7,
  county: '141124',
  month: '2025-07',
  state: 'proposed',
  totalFen: '3000',
  runHash: '0'.repeat(64),
  policy: { documentNumber: '1号', isConfirmed: true },
  proposedById: 'A1',
  proposedBy: '甲',
  proposedAt: '2025-07-05T02:00:00.000Z',
  approvedBy: null,
  approvedAt: null,
  voidedBy: null,
  voidedAt: null,
  voidReason: null,
  ledgerSequence: null,
  comparedWithId: 3,
  isWhole: true,
  held: [],
  villages: [village('A', '2000', '2500'), village('B', '1000', null)],
};
const names = {
  code: '村码',
  village: '村',
  before: '上次',
  amount: '本次',
  difference: '变化',
  cost: '费用',
  net: '净额',
  floor: '底线',
};

describe('a run on the screen', () => {
  it('sums its columns, and says where they do not make the total', () => {
    expect(sumsOf(run)).toMatchObject({
      beforeFen: '2500',
      amountFen: '3000',
      differenceFen: '500',
      isWhole: true,
    });
    expect(sumsOf({ ...run, totalFen: '3001' }).isWhole).toBe(false);
  });

  it('is exported with numbers, the total last, and no formula of a name', () => {
    const evil = { ...run, villages: [{ ...village('A', '3000', null), villageName: '=1+1' }] };
    const lines = csvFile(runExport(evil, names, '合计')).split('\r\n');
    expect(lines[0]).toBe('\uFEFF村码,村,上次 (CNY),本次 (CNY),变化 (CNY),费用 (CNY),净额 (CNY),底线 (CNY)');
    expect(lines[1]).toBe("A,'=1+1,,30.00,30.00,1.00,29.00,0.01");
    expect(lines.at(-1)).toMatch(/^,合计,0\.00,30\.00,/);
  });

  it('writes fen and fractions of them without a float', () => {
    expect(plainYuan('-5')).toBe('-0.05');
    expect(plainYuan('900719925474099301')).toBe('9007199254740993.01');
    expect(fractionYuan('100000/3')).toBe('333.333333');
    expect(fractionYuan('-1/3')).toBe('-0.003333');
  });
});
