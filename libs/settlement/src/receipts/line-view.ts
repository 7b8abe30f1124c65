import type { BankLineView } from '#contracts';
import { daysBetween, transferClock, WorkingCalendar } from '#domain';
import type { ClockTerms } from '../policy/clock-terms.ts';
import type { StoredBankLine } from './receipt.repository.ts';

const calendar = new WorkingCalendar();

/** A line as it is shown on a day of Shanghai, with the clock of its transfer. */
export function lineView(line: StoredBankLine, terms: ClockTerms): BankLineView {
  const { today } = terms;
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
    ...clockOf(line.bookedOn, terms),
    enteredBy: line.enteredBy,
    enteredAt: line.enteredAt.toISOString(),
  };
}

function clockOf(
  bookedOn: string,
  terms: ClockTerms,
): Pick<BankLineView, 'transferDueOn' | 'workingDaysLeft'> {
  const clock = transferClock({ receivedOn: bookedOn, endedOn: null, calendar, ...terms });
  return { transferDueOn: clock.dueOn, workingDaysLeft: clock.workingDaysLeft };
}
