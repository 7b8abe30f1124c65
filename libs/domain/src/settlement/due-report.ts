import { MoneyError } from '../allocation/money-error.ts';

/** Energy, price and subsidy of a month are reported by this day of the next one (发改价格规〔2017〕2196号 art. 4). */
const REPORT_DAY = '10';

/** The month after, `YYYY-MM`; `months` of them, negative goes back. @throws MoneyError `money.bad_range` */
export function monthLater(month: string, months: number): string {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (!match || !Number.isInteger(months))
    throw new MoneyError('money.bad_range', `月份不合规 (bad month): ${month}`);
  const number = Number(match[1]) * 12 + Number(match[2]) - 1 + months;
  return `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
}

/** The day by which the report of a month is handed in. */
export const reportDueOn = (month: string): string => `${monthLater(month, 1)}-${REPORT_DAY}`;

/** Where a report that is due stands: who is late is late until it was handed in, and was late for ever. */
export type DueReportState = 'waiting' | 'prepared' | 'overdue' | 'handed_in' | 'handed_in_late';

/** @param report days in Asia/Shanghai; null has not happened */
export function dueReportState(
  report: { dueOn: string; preparedOn: string | null; handedInOn: string | null },
  today: string,
): DueReportState {
  if (report.handedInOn !== null) return report.handedInOn > report.dueOn ? 'handed_in_late' : 'handed_in';
  if (today > report.dueOn) return 'overdue';
  return report.preparedOn === null ? 'waiting' : 'prepared';
}
