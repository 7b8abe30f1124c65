import { compareCodes } from '../allocation/allocate.ts';
import { MoneyError } from '../allocation/money-error.ts';
import { monthRange } from '../allocation/shares.ts';
import { priceRange, type DatedPrice, type PricedRange } from '../tariff/tariff.ts';
import { daysBetween } from '../time/shanghai.ts';
import { matchStatement, type MatchFinding, type MatchResult, type MatchTolerances } from './match.ts';
import { stationMonthState, type MonthDay, type StationMonthState } from './station-month.ts';

/** What is in force of one account of a station in a month. */
export interface AccountStatement {
  accountNo: string;
  /** Total payable of the document; null where the paper has none. */
  totalFen: bigint | null;
  previousWh: bigint | null;
  presentWh: bigint | null;
  multiplier: bigint | null;
  lines: { component: string; energyWh: bigint | null; amountFen: bigint; receivedFen: bigint }[];
}

/** Days for which an amount has been open, by the steps at which it is asked for (domain.md requirement 40, 48). */
export type AgeBucket = 'to_30' | 'to_60' | 'to_90' | 'to_365' | 'over_365';

/** Money of one stream of a station-month: what was stated, what the tariff says, what came, what is open. */
export interface StreamMatch {
  component: string;
  energyWh: bigint | null;
  statedFen: bigint;
  /** Energy × tariff of each day; null where no price is known. */
  expectedFen: bigint | null;
  receivedFen: bigint;
  openFen: bigint;
  /** Days since the month ended and its bucket; null where nothing is open. */
  ageDays: number | null;
  age: AgeBucket | null;
}

/** Telemetry, statement and bank of a station-month side by side (requirements 22–24, 53). */
export interface StationMatch {
  energy: StationMonthState;
  statedEnergyWh: bigint | null;
  streams: StreamMatch[];
  /** `missing`: no statement has come. `signed`: each alarm has a signed reason. */
  state: MatchResult['state'] | 'missing' | 'signed';
  findings: (MatchFinding & { isSigned: boolean })[];
}

/**
 * Three-way match of a station-month. Money follows the statement; telemetry and tariff say whether it may be believed,
 * and the bank whether it came.
 * @param input `isSigned` tells whether somebody signed for a finding with exactly these figures; `today` is a Shanghai
 *   day, for ageing
 * @throws MoneyError `money.bad_range` for a bad month or an account that comes twice
 */
export function matchStationMonth(input: {
  month: string;
  days: readonly MonthDay[];
  prices: readonly DatedPrice[];
  accounts: readonly AccountStatement[];
  tolerances: MatchTolerances;
  today: string;
  isSigned: (finding: MatchFinding) => boolean;
}): StationMatch {
  const { month, days, accounts, tolerances } = input;
  if (new Set(accounts.map(({ accountNo }) => accountNo)).size !== accounts.length)
    throw new MoneyError('money.bad_range', '户号重复 (an account comes twice)');
  const energy = stationMonthState(month, days);
  const streams = sumStreams(accounts);
  const energyWh = statedEnergyWh(streams);
  if (accounts.length === 0)
    return { energy, statedEnergyWh: null, streams: [], state: 'missing', findings: [] };
  const priced = price(input, streams, energyWh);
  const [account, ...others] = accounts;
  const readings = others.length === 0 && account ? account : NO_READINGS;
  const { state, findings } = matchStatement({
    statement: {
      energyWh,
      lines: streams.map(({ component, statedFen }) => ({ component, amountFen: statedFen })),
      totalFen: accounts.reduce((sum, each) => sum + (each.totalFen ?? sumFen(each)), 0n),
      previousWh: readings.previousWh,
      presentWh: readings.presentWh,
      multiplier: readings.multiplier,
    },
    meteredWh: energy.state === 'blocked' ? null : energy.energyWh,
    priced,
    tolerances,
  });
  const signed = findings.map((finding) => ({ ...finding, isSigned: input.isSigned(finding) }));
  const isAllSigned = signed.every(({ level, isSigned }) => level !== 'alarm' || isSigned);
  return {
    energy,
    statedEnergyWh: energyWh,
    streams: streams.map((stream) => ({
      ...stream,
      expectedFen: priced?.lines.find(({ component }) => component === stream.component)?.amountFen ?? null,
      ...ageOf(stream.openFen, month, input.today),
    })),
    state: state === 'needs_reason' && isAllSigned ? 'signed' : state,
    findings: signed,
  };
}

const NO_READINGS = { previousWh: null, presentWh: null, multiplier: null };

type SummedStream = Omit<StreamMatch, 'expectedFen' | 'ageDays' | 'age'>;

function sumStreams(accounts: readonly AccountStatement[]): SummedStream[] {
  const streams = new Map<string, SummedStream>();
  for (const { lines } of accounts)
    for (const { component, energyWh, amountFen, receivedFen } of lines) {
      const before = streams.get(component);
      const sum = before ?? { component, energyWh: 0n, statedFen: 0n, receivedFen: 0n, openFen: 0n };
      streams.set(component, {
        component,
        energyWh: sum.energyWh === null || energyWh === null ? null : sum.energyWh + energyWh,
        statedFen: sum.statedFen + amountFen,
        receivedFen: sum.receivedFen + receivedFen,
        openFen: sum.openFen + amountFen - receivedFen,
      });
    }
  return [...streams.values()].sort((a, b) => compareCodes(a.component, b.component));
}

/** Energy of the station: that of the base, or where the base has not come, of whatever has. */
function statedEnergyWh(streams: readonly SummedStream[]): bigint | null {
  const base = streams.find(({ component }) => component === 'base');
  return base ? base.energyWh : (streams.find(({ energyWh }) => energyWh !== null)?.energyWh ?? null);
}

/** Each component is priced by its own energy: under the cap of hours less is subsidised than was settled. */
function price(
  input: { month: string; days: readonly MonthDay[]; prices: readonly DatedPrice[] },
  streams: readonly SummedStream[],
  stationWh: bigint | null,
): PricedRange | null {
  if (stationWh === null) return null;
  const range = monthRange(input.month);
  const components = new Set(input.prices.map(({ component }) => component));
  const lines = [...components].sort(compareCodes).flatMap((component) => {
    const energyWh = streams.find((stream) => stream.component === component)?.energyWh ?? stationWh;
    const prices = input.prices.filter((each) => each.component === component);
    const priced = priceOrNull({ energyWh, range, prices, days: input.days });
    return priced ? priced.lines : [];
  });
  if (lines.length === 0) return null;
  return { energyWh: stationWh, lines, totalFen: lines.reduce((sum, { amountFen }) => sum + amountFen, 0n) };
}

/** No price for a month, or one that changes in it while its days are unknown, is a finding and no failure. */
function priceOrNull(input: Parameters<typeof priceRange>[0]): PricedRange | null {
  try {
    return priceRange(input);
  } catch (error) {
    if (error instanceof MoneyError) return null;
    throw error;
  }
}

const sumFen = ({ lines }: AccountStatement) => lines.reduce((sum, { amountFen }) => sum + amountFen, 0n);

function ageOf(openFen: bigint, month: string, today: string): Pick<StreamMatch, 'ageDays' | 'age'> {
  if (openFen === 0n) return { ageDays: null, age: null };
  const { to } = monthRange(month);
  const ageDays = today > to ? daysBetween(to, today).length : 0;
  return { ageDays, age: ageBucket(ageDays) };
}

/** Bucket of an age in days. */
export function ageBucket(ageDays: number): AgeBucket {
  if (ageDays <= 30) return 'to_30';
  if (ageDays <= 60) return 'to_60';
  if (ageDays <= 90) return 'to_90';
  return ageDays <= 365 ? 'to_365' : 'over_365';
}
