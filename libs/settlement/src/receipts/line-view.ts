import type { BankLineView } from '#contracts';
import { daysBetween, transferClock, WorkingCalendar } from '#domain';
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
    ...clockOf(line.bookedOn, today),
    enteredBy: line.enteredBy,
    enteredAt: line.enteredAt.toISOString(),
  };
}

function clockOf(bookedOn: string, today: string): Pick<BankLineView, 'transferDueOn' | 'workingDaysLeft'> {
  const workingDays = TRANSFER_WORKING_DAYS;
  const clock = transferClock({ receivedOn: bookedOn, workingDays, endedOn: null, today, calendar });
  return { transferDueOn: clock.dueOn, workingDaysLeft: clock.workingDaysLeft };
}
