import { apportion, type RegistrySnapshot, type StationRecord } from '#registry';
import type { IssuedMonth } from './paper-faults.ts';
import type { Paper, PaperLine } from './papers.ts';

/** Balances of the ledger by account, fen; an account that never moved is not there. */
type ExpectedBalances = Record<string, bigint>;

/** The four steps of a yuan that the papers of some months allow, fen. */
interface ExpectedTotals {
  settledFen: bigint;
  receivedFen: bigint;
  allocatedFen: bigint;
  /** Came, and nothing is open for it. */
  unmatchedFen: bigint;
}

/**
 * What the ledger must say once all papers are in, all money came and was matched, and a run gave out what may be given
 * out. Added up here from the truth, not by the code that books it: two ways to one figure.
 */
export function expectedLedger(
  months: readonly IssuedMonth[],
  registry: RegistrySnapshot,
): { balances: ExpectedBalances; totals: ExpectedTotals } {
  const balances = new Map<string, bigint>();
  const add = (code: string, amountFen: bigint) => balances.set(code, (balances.get(code) ?? 0n) + amountFen);
  const totals: ExpectedTotals = { settledFen: 0n, receivedFen: 0n, allocatedFen: 0n, unmatchedFen: 0n };
  const stations = new Map(registry.stations.map((station) => [station.code, station]));
  for (const issued of months) {
    const held = heldStations(issued);
    for (const paper of finalPapers(issued))
      for (const line of paper.lines) {
        const isPaid = line.component === 'base' || !issued.lateCounties.has(paper.countyCode);
        addLine(add, paper, line, isPaid);
        totals.settledFen += line.amountFen;
        if (isPaid) totals.receivedFen += line.amountFen;
        if (!isPaid || held.has(paper.stationCode)) continue;
        totals.allocatedFen += line.amountFen;
        add(`station:${paper.stationCode}`, line.amountFen);
        for (const [village, partFen] of villageParts(
          stations.get(paper.stationCode),
          paper.month,
          line.amountFen,
        ))
          add(`village:${village}`, -partFen);
      }
    totals.unmatchedFen += unmatchedFen(issued);
  }
  const moved = [...balances].sort(([a], [b]) => (a < b ? -1 : 1));
  return { balances: Object.fromEntries(moved), totals };
}

function addLine(
  add: (code: string, amountFen: bigint) => unknown,
  { stationCode, countyCode }: Paper,
  { component, amountFen }: PaperLine,
  isPaid: boolean,
): void {
  add(`receivable:${stationCode}:${component}`, isPaid ? 0n : amountFen);
  add(`station:${stationCode}`, -amountFen);
  if (isPaid) add(`agency:${countyCode}`, amountFen);
}

/** Largest remainder, ties by village code (requirement 28). */
function villageParts(
  station: StationRecord | undefined,
  month: string,
  amountFen: bigint,
): [string, bigint][] {
  const day = `${month}-01`;
  const shares = (station?.revenueShares ?? [])
    .filter(
      ({ effectiveFrom, effectiveTo }) => effectiveFrom <= day && (effectiveTo === null || effectiveTo > day),
    )
    .sort((a, b) => (a.villageCode < b.villageCode ? -1 : 1));
  // Over one denominator, so that the numerators are the weights.
  const common = shares.reduce((product, { denominator }) => lcm(product, denominator), 1n);
  const parts = apportion(
    amountFen,
    shares.map(({ numerator, denominator }) => (numerator * common) / denominator),
  );
  return shares.map(({ villageCode }, index) => [villageCode, parts[index] ?? 0n]);
}

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
const lcm = (a: bigint, b: bigint): bigint => (a / gcd(a, b)) * b;

/** What is in force in the end: the correction where there is one. */
function finalPapers({ printed, corrections }: IssuedMonth): Paper[] {
  const corrected = new Map(corrections.map((paper) => [paper.stationCode, paper]));
  return printed.map((paper) => corrected.get(paper.stationCode) ?? paper);
}

const heldStations = ({ findings }: IssuedMonth) =>
  new Set(findings.filter(({ isHeld }) => isHeld).map(({ stationCode }) => stationCode));

/** Money of papers that nobody has. */
function unmatchedFen({ printed, paid, lateCounties }: IssuedMonth): bigint {
  const known = new Set(printed.map(({ stationCode }) => stationCode));
  return paid
    .filter(({ stationCode }) => !known.has(stationCode))
    .flatMap(({ countyCode, lines }) =>
      lines.filter(({ component }) => component === 'base' || !lateCounties.has(countyCode)),
    )
    .reduce((sum, { amountFen }) => sum + amountFen, 0n);
}
