import { dayOf } from '#domain';
import type { Database, Queryable } from '#persistence';
import { settleDuplicates } from './duplicate-readings.ts';
import { writeGatewayChanges, type GatewayChange } from './gateway-status.writer.ts';
import { IncomingReadings } from './incoming-readings.ts';
import { addToReceipts } from './ingest-tally.ts';
import { noteNumbers, type NumberedMessage, type Sender } from './message-sequence.ts';
import { writeQuarantine, type QuarantinedMessage } from './quarantine.writer.ts';
import type { ReadingFate, ReceivedReading } from './reading-fate.ts';

export type { GatewayChange, NumberedMessage, QuarantinedMessage, ReceivedReading };

/** What one write brings in; it is written whole or not at all. */
export interface ReadingBatch {
  readings: readonly ReceivedReading[];
  gatewayChanges: readonly GatewayChange[];
  quarantined: readonly QuarantinedMessage[];
  numbers?: readonly NumberedMessage[];
}

export interface WriteResult {
  /** Readings that are new, or that filled in what was unknown of one. */
  accepted: number;
  duplicate: number;
  /** Readings of which another value is stored already; their messages are in quarantine. */
  conflicting: number;
  /** Senders whose numbers may have a hole. */
  gaps: Sender[];
}

/** The only writer of readings. Everything it does may be done twice. */
export class ReadingRepository {
  private readonly incoming = new IncomingReadings();

  constructor(private readonly database: Database) {}

  /** Writes a batch in one transaction. */
  async write(batch: ReadingBatch): Promise<WriteResult> {
    return this.database.transaction(async (transaction) => {
      if (batch.gatewayChanges.length > 0) await writeGatewayChanges(transaction, batch.gatewayChanges);
      const fates = await this.writeReadings(transaction, batch.readings);
      const conflicts = fates.flatMap(({ conflict }) => conflict ?? []);
      const quarantined = [...batch.quarantined, ...conflicts];
      if (quarantined.length > 0) await writeQuarantine(transaction, quarantined);
      await addToReceipts(transaction, fates, quarantined);
      const gaps = await noteNumbers(transaction, batch.numbers ?? []);
      const accepted = fates.filter(({ fate }) => fate === 'accepted').length;
      const conflicting = conflicts.length;
      return { accepted, duplicate: fates.length - accepted - conflicting, conflicting, gaps };
    });
  }

  private async writeReadings(
    transaction: Queryable,
    received: readonly ReceivedReading[],
  ): Promise<ReadingFate[]> {
    if (received.length === 0) return [];
    const fates = received.map((item): ReadingFate => ({
      received: item,
      day: dayOf(item.reading.measuredAtMs),
      fate: 'accepted',
      conflict: null,
    }));
    const known = await this.incoming.insert(transaction, fates);
    if (known.length > 0) await settleDuplicates(transaction, known);
    return fates;
  }
}
