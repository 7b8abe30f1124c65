import { describe, expect, it } from 'vitest';
import { energyValueFen } from '#domain';
import { generateRegistry, readTable } from '#registry';
import { dayIndexOf, TruthModel } from '#simulation';
import { expectedLedger } from './expected-ledger.ts';
import { issueMonth, placeFaults, PAPER_FAULT_KINDS } from './paper-faults.ts';
import { monthsOf, paperFaultsOf } from './paper-settings.ts';
import { papersOf, totalFen } from './papers.ts';
import { bankLines, statementFiles } from './statement-files.ts';
import { LAYOUTS, USUAL_FORMAT } from './layouts.ts';

const full = generateRegistry(1);
const counties = ['141124', '141126'];
const townships = new Set(
  full.townships.filter(({ countyCode }) => counties.includes(countyCode)).map(({ code }) => code),
);
const own = full.stations.filter(({ townshipCode }) => townships.has(townshipCode));
const registry = { ...full, stations: [...own.slice(0, 6), ...own.slice(-6)] };
const truth = new TruthModel({ seed: 1, registry, faults: 'none' });
const MONTH = '2026-05';
const papers = papersOf(truth, registry, MONTH);
const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amountFen) => total + amountFen, 0n);

describe('papers of a month', () => {
  it('state what passed the meter, to a step of what it shows', () => {
    expect(papers).toHaveLength(12);
    for (const paper of papers) {
      const station = truth.plant.stations.find(({ code }) => code === paper.stationCode);
      if (!station) throw new Error('no station');
      const first = dayIndexOf(paper.readFrom);
      const metered = Array.from({ length: 31 }, (_, day) => truth.stationDayWh(station, first + day));
      const meteredWh = metered.reduce((total, dayWh) => total + dayWh, 0);
      const [line] = paper.lines;
      const statedWh = Number(line?.energyWh);
      expect(Math.abs(statedWh - meteredWh)).toBeLessThanOrEqual(10 * Number(paper.multiplier));
      expect((paper.presentWh - paper.previousWh) * paper.multiplier).toBe(line?.energyWh);
      for (const each of paper.lines) expect(each.amountFen).toBe(energyValueFen(each));
    }
  });

  it('follow each other: a month begins with the reading that the one before ended with', () => {
    const before = papersOf(truth, registry, '2026-04');
    expect(papers.map(({ previousWh }) => previousWh)).toEqual(before.map(({ presentWh }) => presentWh));
  });
});

describe('faults of papers', () => {
  const faults = placeFaults(PAPER_FAULT_KINDS, {
    seed: 1,
    month: MONTH,
    stationCodes: papers.map(({ stationCode }) => stationCode),
  });
  const issued = issueMonth(MONTH, papers, faults);

  it('are each at a station of its own, the same for the same seed', () => {
    expect(new Set(faults.map(({ stationCode }) => stationCode)).size).toBe(PAPER_FAULT_KINDS.length);
    expect(issued.findings.map(({ kind }) => kind)).toEqual([...PAPER_FAULT_KINDS]);
  });

  it('leave a ledger that sums to zero and totals that do not grow on the way', () => {
    const { balances, totals } = expectedLedger([issued], registry);
    expect(sum(Object.values(balances))).toBe(0n);
    expect(totals.settledFen).toBeGreaterThan(totals.receivedFen);
    expect(totals.receivedFen).toBeGreaterThan(totals.allocatedFen);
    expect(sum(bankLines([issued]).map(({ amountFen }) => BigInt(amountFen)))).toBe(
      totals.receivedFen + totals.unmatchedFen,
    );
  });

  it('are refused where the station has no paper', () => {
    expect(() =>
      issueMonth(MONTH, papers, [{ kind: 'corrected', stationCode: '999999-001', month: MONTH }]),
    ).toThrow('999999-001');
  });
});

describe('the ledger without faults', () => {
  it('has given every fen to a village', () => {
    const issued = issueMonth(MONTH, papers, []);
    const { balances, totals } = expectedLedger([issued], registry);
    expect(totals.allocatedFen).toBe(sum(papers.map(totalFen)));
    expect(totals.unmatchedFen).toBe(0n);
    const kinds = Map.groupBy(Object.entries(balances), ([code]) => code.split(':')[0]);
    expect(sum((kinds.get('village') ?? []).map(([, amountFen]) => amountFen))).toBe(-totals.settledFen);
    for (const [, amountFen] of [...(kinds.get('station') ?? []), ...(kinds.get('receivable') ?? [])])
      expect(amountFen).toBe(0n);
  });
});

describe('files', () => {
  const issued = issueMonth(MONTH, papers, []);
  const countyNames = new Map(full.counties.map(({ code, name }) => [code, name]));

  it.each(
    LAYOUTS.flatMap((layout) => (['xlsx', 'csv', 'gbk'] as const).map((format) => ({ layout, format }))),
  )('of $layout as $format hold every account and amount', async ({ layout, format }) => {
    const files = await statementFiles(issued, { layout, format, countyNames });
    expect(files).toHaveLength(counties.length);
    for (const file of files) {
      const table = (await readTable(file.bytes)).map((row) => row.map((cell) => cell.normalize('NFKC')));
      const cells = new Set(table.flat().map((cell) => cell.replaceAll(',', '')));
      for (const paper of papers.filter(({ countyCode }) => countyCode === file.countyCode)) {
        expect(cells).toContain(paper.accountNo);
        for (const { amountFen } of paper.lines) {
          const written = `${amountFen / 100n}.${String(amountFen % 100n).padStart(2, '0')}`;
          // A workbook keeps numbers without the zeros at their end.
          expect([written, String(Number(written))].some((text) => cells.has(text))).toBe(true);
        }
      }
    }
  });

  it('of an older program are GBK and not UTF-8', async () => {
    const [file] = await statementFiles(issued, {
      layout: 'merged',
      format: USUAL_FORMAT.merged,
      countyNames,
    });
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(file?.bytes)).toThrow();
  });
});

describe('settings of papers', () => {
  it('name months and faults', () => {
    expect(monthsOf('2025-11..2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
    expect(monthsOf('2026-05')).toEqual(['2026-05']);
    for (const text of ['2026-13', '2026-05..2026-04', '2026', '2020-01..2026-01', ''])
      expect(monthsOf(text)).toBeNull();
    expect(paperFaultsOf('unit_slip@141124-001@2026-05, corrected')).toEqual({
      faults: [
        { kind: 'unit_slip', stationCode: '141124-001', month: '2026-05' },
        { kind: 'corrected', stationCode: null, month: null },
      ],
    });
    expect(paperFaultsOf('gremlin')).toEqual({ wrong: 'gremlin' });
  });
});
