import type { BankLineView } from '#contracts';
import { addDays, daysBetween, MoneyError, WorkingCalendar } from '#domain';
import type { StoredBankLine } from './receipt.repository.ts';

/** From the account of the agency to those of the villages (国开办发〔2017〕61号 leaves the days to the county). */
const TRANSFER_WORKING_DAYS = 10;
const calendar = new WorkingCalendar();

/** A line as it is shown on a day of Shanghai, with the clock of its transfer. */
export function lineView(line: StoredBankLine, today: string): BankLineView {
  return {
    id: String(line.id),
    county: line.countyCode,
    bankAccount: line.bankAccount,
    bankReference: line.bankReference,
    bookedOn: line.bookedOn,
    amountFen: String(line.amountFen),
    payer: line.payer,
    purpose: line.purpose,
    matchedFen: String(line.matchedFen),
    openFen: String(line.amountFen - line.matchedFen),
    givenOutFen: String(line.givenOutFen),
    ageDays: today > line.bookedOn ? daysBetween(line.bookedOn, today).length : 0,
    ...transferClock(line.bookedOn, today),
    enteredBy: line.enteredBy,
    enteredAt: line.enteredAt.toISOString(),
  };
}

/** A year whose days off are not known has no clock; it is said and not guessed. */
function transferClock(
  bookedOn: string,
  today: string,
): Pick<BankLineView, 'transferDueOn' | 'workingDaysLeft'> {
  try {
    const transferDueOn = calendar.addWorkingDays(bookedOn, TRANSFER_WORKING_DAYS);
    // The day itself does not count, as in `addWorkingDays`: on the day of the receipt all ten are left.
    const workingDaysAfter = (from: string, to: string) =>
      calendar.workingDaysBetween(addDays(from, 1), addDays(to, 1));
    const workingDaysLeft =
      today <= transferDueOn
        ? workingDaysAfter(today, transferDueOn)
        : -workingDaysAfter(transferDueOn, today);
    return { transferDueOn, workingDaysLeft };
  } catch (error) {
    if (error instanceof MoneyError) return { transferDueOn: null, workingDaysLeft: null };
    throw error;
  }
}
