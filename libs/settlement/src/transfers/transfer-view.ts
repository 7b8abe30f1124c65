import type { TransferBatchView, VillageTransferView } from '#contracts';
import { transferClock, WorkingCalendar } from '#domain';
import type { ClockTerms } from '../policy/clock-terms.ts';
import type { StoredTransfer } from './transfer.repository.ts';

const CALENDAR = new WorkingCalendar();

/** A transfer with where its clock stands. */
export function storedView(transfer: StoredTransfer, terms: ClockTerms): VillageTransferView {
  const clock = transferClock({
    receivedOn: transfer.receivedOn,
    workingDays: terms.workingDays,
    endedOn: transfer.state === 'confirmed' ? transfer.transferredOn : null,
    today: terms.today,
    calendar: CALENDAR,
  });
  return {
    id: String(transfer.id),
    batchId: transfer.batchId,
    villageCode: transfer.villageCode,
    villageName: transfer.villageName,
    amountFen: String(transfer.amountFen),
    attempt: transfer.attempt,
    retryOfId: transfer.retryOfId === null ? null : String(transfer.retryOfId),
    state: transfer.state,
    receivedOn: transfer.receivedOn,
    ...clock,
    bankReference: transfer.bankReference,
    transferredOn: transfer.transferredOn,
    ledgerSequence: transfer.ledgerSequence === null ? null : String(transfer.ledgerSequence),
    preparedBy: transfer.preparedBy,
    preparedAt: transfer.preparedAt.toISOString(),
    confirmedBy: transfer.confirmedBy,
    confirmedAt: transfer.confirmedAt?.toISOString() ?? null,
    failedReason: transfer.failedReason,
    failedBy: transfer.failedBy,
    failedAt: transfer.failedAt?.toISOString() ?? null,
    returnedOn: transfer.returnedOn,
    parts: transfer.parts,
  };
}

/** A preview was written and taken back: its ids are nobody's. */
export function plannedView(batch: TransferBatchView): TransferBatchView {
  return { ...batch, id: null, items: batch.items.map((item) => ({ ...item, id: null, batchId: null })) };
}
