import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planStatement, statementKey, statementText, type StatedComponent } from './statement.ts';

const june: StatedComponent = {
  accountNo: '0141124901001',
  month: '2025-06',
  component: 'base',
  energyWh: 32_100_000n,
  priceYuanPerKwh: '0.332',
  amountFen: 1_065_720n,
  totalFen: 2_728_500n,
  accountName: '示例村股份经济合作社',
  readFrom: '2025-06-01',
  readTo: '2025-06-30',
  previousWh: null,
  presentWh: null,
  multiplier: null,
  taxRateBp: null,
  taxFen: null,
  taxCode: null,
  invoiceNo: null,
  payOn: null,
  payeeName: null,
  payeeAccount: null,
  handledBy: null,
};

const inForce = (stated: StatedComponent, receivedFen = 0n, version = 1) => ({
  id: 7n,
  version,
  stated,
  receivedFen,
});

describe('a row of a statement against what is in force', () => {
  it('is new, unchanged, or a correction by reversal and a new version', () => {
    expect(planStatement({ stated: june, inForce: null, lastVersion: 0 })).toMatchObject({
      kind: 'stated',
      version: 1,
    });
    expect(planStatement({ stated: june, inForce: inForce(june), lastVersion: 1 })).toMatchObject({
      kind: 'unchanged',
      version: 1,
    });
    const less = { ...june, energyWh: 32_000_000n, amountFen: 1_062_400n };
    expect(planStatement({ stated: less, inForce: inForce(june), lastVersion: 1 })).toMatchObject({
      kind: 'corrected',
      version: 2,
      reverses: { id: 7n },
    });
  });

  it('is not taken back once money came for it', () => {
    const less = { ...june, amountFen: 1n };
    expect(planStatement({ stated: less, inForce: inForce(june, 1n), lastVersion: 1 }).kind).toBe(
      'already_received',
    );
    expect(planStatement({ stated: june, inForce: inForce(june, 1n), lastVersion: 1 }).kind).toBe(
      'unchanged',
    );
  });

  it('refuses to compare different statements', () => {
    const other = { ...june, component: 'subsidy' };
    expect(() => planStatement({ stated: june, inForce: inForce(other), lastVersion: 1 })).toThrow(
      '不是同一户号',
    );
  });

  it('differs from every other statement in its text, and only from those', () => {
    const text = fc.option(fc.string({ maxLength: 8 }), { nil: null });
    const whole = fc.option(fc.bigInt({ min: -10n, max: 10n }), { nil: null });
    const statement = fc.record({ energyWh: whole, invoiceNo: text, payeeName: text, handledBy: text });
    fc.assert(
      fc.property(statement, statement, (one, other) => {
        const a = { ...june, ...one };
        const b = { ...june, ...other };
        const same =
          a.energyWh === b.energyWh &&
          a.invoiceNo === b.invoiceNo &&
          a.payeeName === b.payeeName &&
          a.handledBy === b.handledBy;
        expect(statementText(a) === statementText(b)).toBe(same);
        expect(statementKey(a)).toBe(statementKey(b));
      }),
    );
  });

  it('settles down: sending a file again changes nothing, and versions only grow', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 3n }), { maxLength: 20 }), (amounts) => {
        let stored: ReturnType<typeof inForce> | null = null;
        let lastVersion = 0;
        for (const amountFen of amounts) {
          const stated = { ...june, amountFen };
          const change = planStatement({ stated, inForce: stored, lastVersion });
          expect(change.version).toBe(change.kind === 'unchanged' ? lastVersion : lastVersion + 1);
          lastVersion = change.version;
          stored = inForce(stated, 0n, change.version);
          expect(planStatement({ stated, inForce: stored, lastVersion }).kind).toBe('unchanged');
        }
      }),
    );
  });
});
