import { keyOf } from '#simulation';
import { lineOf, type Paper } from './papers.ts';

/** What goes wrong with papers and money; each has a part of the product that must find it. */
export const PAPER_FAULT_KINDS = [
  'unit_slip',
  'missing_statement',
  'wrong_tariff',
  'double_line',
  'late_subsidy',
  'corrected',
] as const;
export type PaperFaultKind = (typeof PAPER_FAULT_KINDS)[number];

export interface PaperFault {
  kind: PaperFaultKind;
  stationCode: string;
  month: string;
}

/** Where a fault shows: a code of an import, a reason of the match, or what the receipt leaves. */
interface PaperFinding extends PaperFault {
  foundBy: 'import' | 'match' | 'receipt';
  code: string;
  /** True where the money of the station-month is kept back until somebody signs. */
  isHeld: boolean;
}

/** What a month looks like outside: what is printed, what is printed again, and what the bank is told to pay. */
export interface IssuedMonth {
  month: string;
  printed: Paper[];
  /** Stations whose row stands twice in the file. */
  doubled: ReadonlySet<string>;
  /** Printed again days later, with other figures than the first time. */
  corrections: Paper[];
  /** What is paid, whatever was printed: the bank knows nothing of a lost paper. */
  paid: Paper[];
  /** Counties whose subsidy of the month does not come. */
  lateCounties: ReadonlySet<string>;
  findings: PaperFinding[];
}

/** A column that holds Wh where kWh is printed above it. */
const UNIT_SLIP = 1000n;
/** Read a day too early: a twentieth of a month is missing. */
const EARLY_READING = { numerator: 19n, denominator: 20n };
/** The two subsidies of zone III (domain.md 2.1): the other one than the station's own is wrong. */
const SUBSIDIES_HAO = { usual: 5180n, older: 6480n };

/** The papers of a month with its faults. @throws RangeError where a fault names a station without a paper */
export function issueMonth(
  month: string,
  papers: readonly Paper[],
  faults: readonly PaperFault[],
): IssuedMonth {
  const own = faults.filter((fault) => fault.month === month);
  const byStation = new Map(papers.map((paper) => [paper.stationCode, paper]));
  for (const { kind, stationCode } of own)
    if (!byStation.has(stationCode))
      throw new RangeError(`${kind}: ${stationCode} has no statement in ${month}`);
  const stationsWith = (kind: PaperFaultKind) =>
    new Set(own.filter((fault) => fault.kind === kind).map(({ stationCode }) => stationCode));
  const missing = stationsWith('missing_statement');
  const slipped = stationsWith('unit_slip');
  const mispriced = stationsWith('wrong_tariff');
  const corrected = stationsWith('corrected');
  const late = stationsWith('late_subsidy');
  const charged = papers.map((paper) => (mispriced.has(paper.stationCode) ? withOtherTariff(paper) : paper));
  return {
    month,
    printed: charged
      .filter(({ stationCode }) => !missing.has(stationCode))
      .map((paper) => (slipped.has(paper.stationCode) ? withUnitSlip(paper) : paper))
      .map((paper) => (corrected.has(paper.stationCode) ? withEarlyReading(paper) : paper)),
    doubled: stationsWith('double_line'),
    corrections: charged.filter(({ stationCode }) => corrected.has(stationCode)),
    paid: charged,
    lateCounties: new Set([...late].flatMap((code) => byStation.get(code)?.countyCode ?? [])),
    findings: own.map((fault) => ({ ...fault, ...FOUND[fault.kind] })),
  };
}

const FOUND: Record<PaperFaultKind, Pick<PaperFinding, 'foundBy' | 'code' | 'isHeld'>> = {
  unit_slip: { foundBy: 'match', code: 'match.energy_alarm', isHeld: true },
  // Its money comes without a paper: the line of the bank has a rest that nothing is open for.
  missing_statement: { foundBy: 'receipt', code: 'receipt.unmatched', isHeld: true },
  wrong_tariff: { foundBy: 'match', code: 'match.amount_differs', isHeld: true },
  double_line: { foundBy: 'import', code: 'import.duplicate_row', isHeld: false },
  late_subsidy: { foundBy: 'match', code: 'receivable.open', isHeld: false },
  corrected: { foundBy: 'import', code: 'statement.corrected', isHeld: false },
};

/** Amounts are right; only the energy is printed a thousand times too large. */
const withUnitSlip = (paper: Paper): Paper => ({
  ...paper,
  lines: paper.lines.map((line) => ({ ...line, energyWh: line.energyWh * UNIT_SLIP })),
});

const withOtherTariff = (paper: Paper): Paper => ({
  ...paper,
  lines: paper.lines.map((line) =>
    line.component === 'subsidy'
      ? lineOf({
          ...line,
          priceHaoPerKwh:
            line.priceHaoPerKwh === SUBSIDIES_HAO.usual ? SUBSIDIES_HAO.older : SUBSIDIES_HAO.usual,
        })
      : line,
  ),
});

function withEarlyReading(paper: Paper): Paper {
  const { numerator, denominator } = EARLY_READING;
  const readWh = ((paper.presentWh - paper.previousWh) * numerator) / denominator;
  const shownWh = readWh - (readWh % 10n);
  const energyWh = shownWh * paper.multiplier;
  return {
    ...paper,
    presentWh: paper.previousWh + shownWh,
    lines: paper.lines.map((line) => lineOf({ ...line, energyWh })),
  };
}

/** A fault of each kind at a station of its own, chosen by the seed. */
export function placeFaults(
  kinds: readonly PaperFaultKind[],
  at: { seed: number; month: string; stationCodes: readonly string[] },
): PaperFault[] {
  const left = [...at.stationCodes];
  return kinds.flatMap((kind) => {
    const [stationCode] = left.splice(
      keyOf(at.seed, 'paper-fault', kind, at.month) % Math.max(1, left.length),
      1,
    );
    return stationCode === undefined ? [] : [{ kind, stationCode, month: at.month }];
  });
}

/** What a paper says of a component, fen; zero where it has no such line. */
export function componentFen(paper: Paper, component: string): bigint {
  return paper.lines.find((line) => line.component === component)?.amountFen ?? 0n;
}
