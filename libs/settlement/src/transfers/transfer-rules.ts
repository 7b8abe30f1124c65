import type { TransferConfirmation } from '#contracts';
import type { TransferablePart } from '#domain';
import type { Queryable } from '#persistence';
import { ProblemError } from '#platform';
import type { SettlementActor } from '../statements/statement.repository.ts';
import { transfersById, type StoredTransfer } from './transfer.repository.ts';

export const unknownTransfer = () =>
  new ProblemError(404, 'transfer.unknown', '没有这笔拨付 (no such transfer)');
export const wrongState = ({ state, villageName }: StoredTransfer) =>
  new ProblemError(409, 'transfer.state', `${villageName} 的拨付状态是 ${state} (the transfer is ${state})`);

/** Transfers by id, locked. @throws ProblemError 404 `transfer.unknown` */
export async function lockedTransfers(
  transaction: Queryable,
  ids: readonly string[],
): Promise<StoredTransfer[]> {
  const transfers = await transfersById(transaction, ids, { lock: true });
  if (transfers.length !== new Set(ids).size) throw unknownTransfer();
  return transfers;
}

/** The county of all of them. @throws ProblemError 404 `transfer.unknown`, 422 `transfer.mixed_counties` */
export async function oneCounty(
  database: Queryable,
  ids: readonly string[],
): Promise<{ countyCode: string }> {
  const transfers = await transfersById(database, ids);
  const [first] = transfers;
  if (!first || transfers.length !== new Set(ids).size) throw unknownTransfer();
  if (transfers.some(({ countyCode }) => countyCode !== first.countyCode))
    throw new ProblemError(
      422,
      'transfer.mixed_counties',
      '一次只能办理一个县的拨付 (transfers of one county at a time)',
    );
  return first;
}

/** The parts that a failed transfer set free; they must still be free. */
export function freedParts(transfer: StoredTransfer, open: readonly TransferablePart[]): TransferablePart[] {
  if (transfer.state !== 'failed') throw wrongState(transfer);
  return transfer.parts.map(({ runId, adjustmentId }) => {
    const part = open.find(
      (each) =>
        each.villageCode === transfer.villageCode &&
        each.runId === runId &&
        each.adjustmentId === adjustmentId,
    );
    if (!part)
      throw new ProblemError(
        409,
        'transfer.state',
        `${transfer.villageName} 的款项已在另一笔拨付中 (its money is in another transfer)`,
      );
    return part;
  });
}

/** True where exactly this was confirmed before. */
export function isConfirmedAs(
  transfer: StoredTransfer,
  { transferredOn }: TransferConfirmation,
  references: ReadonlyMap<string, string>,
): boolean {
  return (
    transfer.state === 'confirmed' &&
    transfer.transferredOn === transferredOn &&
    transfer.bankReference === references.get(String(transfer.id))
  );
}

/** @throws ProblemError 409 `transfer.state`, 403 `transfer.maker_is_checker`, 422 `transfer.bad_day` */
export function requireConfirmable(
  transfer: StoredTransfer,
  transferredOn: string,
  actor: SettlementActor,
): void {
  if (transfer.state !== 'prepared') throw wrongState(transfer);
  if (transfer.preparedById === actor.accountId)
    throw new ProblemError(
      403,
      'transfer.maker_is_checker',
      '制单人不能确认自己的拨付 (maker is not checker)',
    );
  if (transferredOn < transfer.receivedOn)
    throw new ProblemError(
      422,
      'transfer.bad_day',
      `${transfer.villageName} 的拨付日期早于到账 (before the receipt)`,
    );
}
