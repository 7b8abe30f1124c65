import { addDays, energyValueFen, monthRange } from '#domain';
import type { RegistrySnapshot, StationRecord } from '#registry';
import { dayIndexOf, type StationPlant, sumOf, type TruthModel } from '#simulation';

/** What the power company states of one grid account and month (domain.md 2.3); 模拟数据. */
export interface Paper {
  stationCode: string;
  countyCode: string;
  accountNo: string;
  accountName: string;
  month: string;
  /** First and last day that was read. */
  readFrom: string;
  readTo: string;
  /** Readings in Wh before the multiplier. */
  previousWh: bigint;
  presentWh: bigint;
  multiplier: bigint;
  lines: PaperLine[];
}

export interface PaperLine {
  component: string;
  priceHaoPerKwh: bigint;
  energyWh: bigint;
  amountFen: bigint;
}

/** A meter behind transformers shows hundredths of a kWh. */
const READING_STEP_WH = 10;
/** Ratio of the current transformers by the capacity of the station, W. */
const MULTIPLIERS = [
  { belowW: 200_000, multiplier: 60 },
  { belowW: 1_000_000, multiplier: 120 },
  { belowW: Infinity, multiplier: 400 },
] as const;

/**
 * The papers of a month by county and station, as a careful power company prints them: readings of the meter at both
 * ends of the month, energy from them, each component rounded once.
 * @throws RangeError where the month is before the model, MoneyError `money.bad_range` where it is none
 */
export function papersOf(truth: TruthModel, registry: RegistrySnapshot, month: string): Paper[] {
  const range = monthRange(month);
  const totals = {
    atStart: truth.totalsAtStart(dayIndexOf(range.from)),
    atEnd: truth.totalsAtStart(dayIndexOf(range.to)),
  };
  const records = new Map(registry.stations.map((station) => [station.code, station]));
  return truth.plant.stations
    .flatMap((station) => {
      const record = records.get(station.code);
      return record === undefined ? [] : stationPapers(truth, { station, record, month, totals });
    })
    .sort((a, b) => (a.stationCode < b.stationCode ? -1 : 1));
}

function stationPapers(
  truth: TruthModel,
  parts: {
    station: StationPlant;
    record: StationRecord;
    month: string;
    totals: { atStart: Float64Array; atEnd: Float64Array };
  },
): Paper[] {
  const { station, record, month, totals } = parts;
  const range = monthRange(month);
  const [account] = record.gridAccounts;
  if (account === undefined || record.commissionedOn >= range.to) return [];
  const multiplier = multiplierOf(record.capacityW);
  const shownWh = (inverters: Float64Array) => {
    const countedWh = truth.meterTotalWh(station, sumOf(station, inverters), 1);
    return BigInt(Math.floor(countedWh / multiplier / READING_STEP_WH) * READING_STEP_WH);
  };
  const [previousWh, presentWh] = [shownWh(totals.atStart), shownWh(totals.atEnd)];
  const energyWh = (presentWh - previousWh) * BigInt(multiplier);
  return [
    {
      stationCode: record.code,
      countyCode: station.countyCode,
      accountNo: account.accountNo,
      accountName: account.accountName,
      month,
      readFrom: range.from,
      readTo: addDays(range.to, -1),
      previousWh,
      presentWh,
      multiplier: BigInt(multiplier),
      lines: pricesIn(record, range.from).map(({ component, priceHaoPerKwh }) =>
        lineOf({ component, priceHaoPerKwh: BigInt(priceHaoPerKwh), energyWh }),
      ),
    },
  ];
}

/** Prices of the invented fleet never change inside a month, so those of its first day are those of the month. */
const pricesIn = (record: StationRecord, day: string) =>
  record.tariffs.filter(
    ({ effectiveFrom, effectiveTo }) => effectiveFrom <= day && (effectiveTo === null || effectiveTo > day),
  );

/** A component at a price, rounded once to the fen. */
export function lineOf(line: Omit<PaperLine, 'amountFen'>): PaperLine {
  return { ...line, amountFen: energyValueFen(line) };
}

function multiplierOf(capacityW: number): number {
  return MULTIPLIERS.find(({ belowW }) => capacityW < belowW)?.multiplier ?? 1;
}

export const totalFen = ({ lines }: Paper) => lines.reduce((sum, { amountFen }) => sum + amountFen, 0n);
