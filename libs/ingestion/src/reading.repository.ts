import type { Database, Queryable } from '#persistence';
import { settleDuplicates } from './duplicate-readings.ts';
import { writeGatewayChanges, type GatewayChange } from './gateway-status.writer.ts';
import { IncomingReadings, type EncodedReadings } from './incoming-readings.ts';
import { addToReceipts } from './ingest-tally.ts';
import { noteNumbers, type NumberedMessage, type Sender } from './message-sequence.ts';
import { writeQuarantine, type QuarantinedMessage } from './quarantine.writer.ts';
import type { ReceivedReading } from './reading-fate.ts';

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
  private readonly incoming: IncomingReadings;

  constructor(private readonly database: Database) {
    this.incoming = new IncomingReadings(database);
  }

  /**
   * Readings in the form in which they are written, so that it can be made while another write is under way.
   * @throws BadValueError where a value does not fit its column
   */
  encode(readings: readonly ReceivedReading[]): Promise<EncodedReadings> {
    return this.incoming.encode(readings);
  }

  /**
   * Writes a batch in one transaction.
   * @param ready its readings as `encode` gave them, for one try: another encodes anew.
   */
  async write(batch: ReadingBatch, ready: EncodedReadings | null = null): Promise<WriteResult> {
    const encoded = ready ?? (await this.encode(batch.readings));
    return this.database.transaction(async (transaction) => {
      if (batch.gatewayChanges.length > 0) await writeGatewayChanges(transaction, batch.gatewayChanges);
      await this.writeReadings(transaction, encoded);
      const { fates } = encoded;
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

  private async writeReadings(transaction: Queryable, encoded: EncodedReadings): Promise<void> {
    if (encoded.fates.length === 0) return;
    const known = await this.incoming.insert(transaction, encoded);
    if (known.length > 0) await settleDuplicates(transaction, known);
  }
}
