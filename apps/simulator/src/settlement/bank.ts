import { addDays, monthRange } from '#domain';
import { componentFen, type IssuedMonth } from './paper-faults.ts';

/** A line of the bank statement of a county's 结转 account: what `POST /v1/settlement/receipts` takes; 模拟数据. */
export interface SimulatedBankLine {
  county: string;
  bankAccount: string;
  bankReference: string;
  bookedOn: string;
  amountFen: string;
  payer: string;
  purpose: string;
  /** Component that it pays; a person reads it from the purpose. */
  component: string;
}

/** The base comes so many days after the month, the subsidy of all months so many after the last one. */
const BASE_AFTER_DAYS = 8;
const SUBSIDY_AFTER_DAYS = 19;

/** Account of a county's agency. No real account begins with SIM. */
const agencyAccount = (countyCode: string) => `SIM-${countyCode}`;

/** The base of a month by county, as it comes month by month. */
export function baseLines(issued: IssuedMonth): SimulatedBankLine[] {
  return countiesOf(issued).flatMap((county) =>
    lineOf({
      county,
      component: 'base',
      reference: `B-${issued.month}`,
      bookedOn: addDays(monthRange(issued.month).to, BASE_AFTER_DAYS - 1),
      amountFen: sumFen(issued, county, 'base'),
      purpose: `${issued.month} 上网电费（模拟数据）`,
    }),
  );
}

/**
 * The subsidy of several months in one lump a county (domain.md 2.2); months of a county where it is late are not in it.
 * @param bookedOn when it comes; without it some days after the last month
 */
export function subsidyLines(months: readonly IssuedMonth[], bookedOn?: string): SimulatedBankLine[] {
  const [first] = months;
  const last = months.at(-1);
  if (first === undefined || last === undefined) return [];
  const span = first === last ? first.month : `${first.month}_${last.month}`;
  const counties = [...new Set(months.flatMap(countiesOf))].sort();
  return counties.flatMap((county) =>
    lineOf({
      county,
      component: 'subsidy',
      reference: `S-${span}`,
      bookedOn: bookedOn ?? addDays(monthRange(last.month).to, SUBSIDY_AFTER_DAYS - 1),
      amountFen: months
        .filter(({ lateCounties }) => !lateCounties.has(county))
        .reduce((sum, issued) => sum + sumFen(issued, county, 'subsidy'), 0n),
      purpose: `${span} 可再生能源补贴（模拟数据）`,
    }),
  );
}

function lineOf(line: {
  county: string;
  component: string;
  reference: string;
  bookedOn: string;
  amountFen: bigint;
  purpose: string;
}): SimulatedBankLine[] {
  if (line.amountFen === 0n) return [];
  return [
    {
      county: line.county,
      bankAccount: agencyAccount(line.county),
      bankReference: `SIM-${line.county}-${line.reference}`,
      bookedOn: line.bookedOn,
      amountFen: String(line.amountFen),
      payer: '县供电公司（模拟）',
      purpose: line.purpose,
      component: line.component,
    },
  ];
}

const countiesOf = ({ paid }: IssuedMonth) => [...new Set(paid.map(({ countyCode }) => countyCode))].sort();

const sumFen = ({ paid }: IssuedMonth, county: string, component: string) =>
  paid
    .filter(({ countyCode }) => countyCode === county)
    .reduce((sum, paper) => sum + componentFen(paper, component), 0n);
