import { compareCodes } from '../allocation/allocate.ts';
import { fraction, type Fraction } from '../allocation/fraction.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { allocateRange, type DayEnergyWh, type WeighedSpan } from '../allocation/month.ts';
import { monthRange, type DatedShare } from '../allocation/shares.ts';
import { payeeShares, type VillageLineage } from '../allocation/villages.ts';
import { checkRatio, deduct, type DeductionRule, type Deductions } from './deductions.ts';

/** Received money of one statement that no run has given out yet; below zero it was taken back. */
export interface ReceivedMoney {
  matchId: bigint;
  stationCode: string;
  month: string;
  component: string;
  amountFen: bigint;
}

/** What the split of a station's money rests on. */
export interface StationRights {
  shares: readonly DatedShare[];
  /** Days of the months; needed where shares change inside one. */
  days: readonly DayEnergyWh[];
}

/** What a village gets of a station, month and component, and how the figure comes about. */
export interface RunLine {
  stationCode: string;
  month: string;
  component: string;
  /** Who is paid: the successor where a village was merged. */
  villageCode: string;
  share: Fraction;
  exactFen: Fraction;
  amountFen: bigint;
  spareFen: bigint;
  spareRank: number | null;
}

export interface RunSpan {
  stationCode: string;
  month: string;
  from: string;
  to: string;
  /** Null where one set of shares holds for the whole month. */
  energyWh: bigint | null;
}

/** A village in a run: its money, the costs before distribution, and what the ratio is measured on. */
export interface RunVillage {
  villageCode: string;
  amountFen: bigint;
  deductions: Deductions;
  /** Least amount for wages and labour fees. */
  floorFen: bigint;
}

export interface AllocationRun {
  totalFen: bigint;
  sources: ReceivedMoney[];
  lines: RunLine[];
  spans: RunSpan[];
  villages: RunVillage[];
}

/**
 * Gives received money out to villages (domain.md section 6, requirements 28, 29, 34): each station, month and component
 * by the shares of that month, split by energy where they change in it; then the costs of each village in the order of
 * the policy, of the village's amount of this run. Money that was taken back is split as its mirror. The order of the
 * inputs does not matter.
 * @param input `day` is the Shanghai day of the run, for villages that were merged
 * @throws MoneyError `money.bad_range` where nothing was received or a match comes twice, and those of
 *   {@link allocateRange}, {@link payeeShares} and {@link deduct}
 */
export function proposeRun(input: {
  received: readonly ReceivedMoney[];
  rights: ReadonlyMap<string, StationRights>;
  villages: ReadonlyMap<string, VillageLineage>;
  costs: readonly DeductionRule[];
  minimum: Fraction;
  day: string;
}): AllocationRun {
  const sources = checkedSources(input.received);
  const lines: RunLine[] = [];
  const spans = new Map<string, RunSpan[]>();
  for (const pool of poolsOf(sources)) {
    const split = splitPool(pool, input);
    lines.push(...split.lines);
    spans.set(`${pool.stationCode}/${pool.month}`, split.spans);
  }
  const villages = villagesOf(lines).map(([villageCode, amountFen]): RunVillage => {
    const deductions = deduct(amountFen, input.costs);
    return {
      villageCode,
      amountFen,
      deductions,
      floorFen: floorOf(deductions.denominatorFen, input.minimum),
    };
  });
  const totalFen = sources.reduce((sum, { amountFen }) => sum + amountFen, 0n);
  return { totalFen, sources, lines, spans: [...spans.values()].flat(), villages };
}

/** Least amount for wages and labour fees; of money that was taken back, what is no longer wanted. */
function floorOf(denominatorFen: bigint, minimum: Fraction): bigint {
  const sign = denominatorFen < 0n ? -1n : 1n;
  const positive = { wagesFen: 0n, labourFen: 0n, denominatorFen: sign * denominatorFen, minimum };
  return sign * checkRatio(positive).floorFen;
}

type Pool = Omit<ReceivedMoney, 'matchId'>;

function checkedSources(received: readonly ReceivedMoney[]): ReceivedMoney[] {
  if (received.length === 0)
    throw new MoneyError('money.bad_range', '没有可分配的到账 (nothing was received to give out)');
  const sources = [...received].sort((a, b) => (a.matchId < b.matchId ? -1 : a.matchId > b.matchId ? 1 : 0));
  sources.forEach(({ matchId, amountFen }, index) => {
    if (amountFen === 0n) throw new MoneyError('money.bad_range', `到账为零 (nothing came): ${matchId}`);
    if (index > 0 && sources[index - 1]?.matchId === matchId)
      throw new MoneyError('money.bad_range', `到账重复 (a match comes twice): ${matchId}`);
  });
  return sources;
}

/** Money of a station, month and component is split once, however many receipts brought it. */
function poolsOf(sources: readonly ReceivedMoney[]): Pool[] {
  const pools = new Map<string, Pool>();
  for (const { stationCode, month, component, amountFen } of sources) {
    const key = `${stationCode}/${month}/${component}`;
    const sumFen = (pools.get(key)?.amountFen ?? 0n) + amountFen;
    pools.set(key, { stationCode, month, component, amountFen: sumFen });
  }
  return [...pools.values()].sort(
    (a, b) =>
      compareCodes(a.stationCode, b.stationCode) ||
      compareCodes(a.month, b.month) ||
      compareCodes(a.component, b.component),
  );
}

/**
 * Splits the money of one station, month and component by the shares of that month, by energy where they change in it.
 * @throws MoneyError as {@link allocateRange} and {@link payeeShares}
 */
export function splitPool(
  pool: Pool,
  input: {
    rights: ReadonlyMap<string, StationRights>;
    villages: ReadonlyMap<string, VillageLineage>;
    day: string;
  },
): { lines: RunLine[]; spans: RunSpan[] } {
  const { stationCode, month, component } = pool;
  const rights = input.rights.get(stationCode) ?? { shares: [], days: [] };
  const shares = rights.shares.flatMap((row) =>
    payeeShares([row], input.villages, input.day).map(({ villageCode, share }) => ({
      villageCode,
      share,
      effectiveFrom: row.effectiveFrom,
      effectiveTo: row.effectiveTo,
    })),
  );
  const split = allocateRange({
    totalFen: pool.amountFen,
    range: monthRange(month),
    shares: joined(shares),
    days: rights.days,
  });
  return {
    lines: split.parts.map((part) => ({ stationCode, month, component, ...part })),
    spans: split.spans.map(({ from, to, energyWh }: WeighedSpan) => ({
      stationCode,
      month,
      from,
      to,
      energyWh,
    })),
  };
}

/** Shares that merged villages brought to one payee, cut at every day on which one of them begins or ends. */
function joined(shares: readonly DatedShare[]): DatedShare[] {
  const byVillage = Map.groupBy(shares, ({ villageCode }) => villageCode);
  return [...byVillage].flatMap(([villageCode, rows]) => {
    if (rows.length === 1) return rows;
    const cuts = [...new Set(rows.flatMap(({ effectiveFrom, effectiveTo }) => [effectiveFrom, effectiveTo]))]
      .filter((day) => day !== null)
      .sort();
    return cuts.flatMap((effectiveFrom, index): DatedShare[] => {
      const inForce = rows.filter(
        (row) =>
          row.effectiveFrom <= effectiveFrom && (row.effectiveTo === null || row.effectiveTo > effectiveFrom),
      );
      if (inForce.length === 0) return [];
      const share = inForce.reduce(
        (sum, row) =>
          fraction(
            sum.numerator * row.share.denominator + row.share.numerator * sum.denominator,
            sum.denominator * row.share.denominator,
          ),
        fraction(0n),
      );
      return [{ villageCode, share, effectiveFrom, effectiveTo: cuts[index + 1] ?? null }];
    });
  });
}

function villagesOf(lines: readonly RunLine[]): [string, bigint][] {
  const sums = new Map<string, bigint>();
  for (const { villageCode, amountFen } of lines)
    sums.set(villageCode, (sums.get(villageCode) ?? 0n) + amountFen);
  return [...sums].sort(([a], [b]) => compareCodes(a, b));
}

/**
 * Text whose SHA-256 an approval is bound to: everything that the run says, in fixed places. Another receipt, share,
 * policy or village makes another text.
 */
export function runText(
  run: AllocationRun,
  terms: { countyCode: string; month: string; policyId: number },
): string {
  const part = ({ numerator, denominator }: Fraction) => `${numerator}/${denominator}`;
  return JSON.stringify([
    'sunledger-run-1',
    terms.countyCode,
    terms.month,
    terms.policyId,
    String(run.totalFen),
    run.sources.map((each) => [
      String(each.matchId),
      each.stationCode,
      each.month,
      each.component,
      String(each.amountFen),
    ]),
    run.spans.map((each) => [
      each.stationCode,
      each.month,
      each.from,
      each.to,
      each.energyWh === null ? null : String(each.energyWh),
    ]),
    run.lines.map((each) => [
      each.stationCode,
      each.month,
      each.component,
      each.villageCode,
      part(each.share),
      part(each.exactFen),
      String(each.amountFen),
    ]),
    run.villages.map(({ villageCode, amountFen, deductions, floorFen }) => [
      villageCode,
      String(amountFen),
      deductions.lines.map(({ line, dueFen, takenFen }) => [line, String(dueFen), String(takenFen)]),
      String(deductions.netFen),
      String(deductions.denominatorFen),
      String(floorFen),
    ]),
  ]);
}

/** A village in this run and in the one before, fen; null where it was not in it. */
export interface RunDifference {
  villageCode: string;
  beforeFen: bigint | null;
  afterFen: bigint | null;
  differenceFen: bigint;
}

/** Run against run by village, the largest change first, ties by village code. */
export function runDifference(
  before: readonly { villageCode: string; amountFen: bigint }[],
  after: readonly { villageCode: string; amountFen: bigint }[],
): RunDifference[] {
  const old = new Map(before.map(({ villageCode, amountFen }) => [villageCode, amountFen]));
  const young = new Map(after.map(({ villageCode, amountFen }) => [villageCode, amountFen]));
  const size = ({ differenceFen }: RunDifference) => (differenceFen < 0n ? -differenceFen : differenceFen);
  return [...new Set([...old.keys(), ...young.keys()])]
    .sort(compareCodes)
    .map((villageCode) => {
      const beforeFen = old.get(villageCode) ?? null;
      const afterFen = young.get(villageCode) ?? null;
      return { villageCode, beforeFen, afterFen, differenceFen: (afterFen ?? 0n) - (beforeFen ?? 0n) };
    })
    .sort((a, b) => (size(a) === size(b) ? 0 : size(a) > size(b) ? -1 : 1));
}
