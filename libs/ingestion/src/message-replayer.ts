import { dayOf } from '#domain';
import { TimeSeriesDays, type Database } from '#persistence';
import { RegistryRepository } from '#registry';
import { DecoderSet, type SetDecoded } from './decoder-set.ts';
import { DeviceDirectory } from './device-directory.ts';
import { judge } from './judge.ts';
import { enabledProfiles, mappedSources } from './profile-directory.ts';
import type { Rejection } from './reading.ts';
import { ReadingRepository } from './reading.repository.ts';

export interface KeptMessage {
  id: bigint;
  topic: string;
  payload: Buffer;
  receivedAtMs: number;
  /** The broker had kept it; replayed, it is "last known" as it was when it came, and no new reading. */
  retained: boolean;
}

export interface ReplayOutcome {
  id: bigint;
  accepted: number;
  duplicate: number;
  /** It is read now, and was only "last known": nothing of it is stored. */
  isLastKnown: boolean;
  /** What still cannot be stored. It is not kept a second time. */
  rejections: Pick<Rejection, 'reason' | 'detail'>[];
}

/**
 * Decodes kept messages again, with the profiles and the registry of now and the time of their own receipt, and writes
 * what can be read now. Running it twice finds duplicates.
 */
export class MessageReplayer {
  private readonly repository: ReadingRepository;
  private readonly days: TimeSeriesDays;

  constructor(private readonly database: Database) {
    this.repository = new ReadingRepository(database);
    this.days = new TimeSeriesDays(database);
  }

  async replay(messages: readonly KeptMessage[]): Promise<ReplayOutcome[]> {
    const directory = new DeviceDirectory(new RegistryRepository(this.database), () =>
      mappedSources(this.database),
    );
    await directory.load();
    const decoders = new DecoderSet(await enabledProfiles(this.database), directory);
    const outcomes: ReplayOutcome[] = [];
    let last: KeptMessage | undefined;
    for (const message of messages.toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)) {
      const decoded = decoders.decode(message);
      outcomes.push(await this.store(message, decoded, directory));
      if (!message.retained) last = message;
    }
    // Single values that were put together belong to the last message that was part of them.
    if (last && decoders.oldestOpenAtMs() !== null) {
      const rest = await this.store(last, decoders.flush(), directory);
      const lastId = last.id;
      const outcome = outcomes.find(({ id }) => id === lastId);
      if (outcome) outcome.accepted += rest.accepted;
    }
    return outcomes;
  }

  private async store(
    message: KeptMessage,
    decoded: SetDecoded,
    directory: DeviceDirectory,
  ): Promise<ReplayOutcome> {
    const { id, topic, payload, receivedAtMs, retained } = message;
    const { readings, numbers, quarantined } = judge(
      { topic, payload, receivedAtMs, retained },
      decoded,
      directory,
    );
    await this.days.ensure(new Set(readings.map(({ reading }) => dayOf(reading.measuredAtMs))));
    const { accepted, duplicate, conflicting } = await this.repository.write({
      readings,
      gatewayChanges: [],
      // Refused as before: it is in quarantine already.
      quarantined: [],
      numbers,
    });
    const rejections = quarantined.map(({ reason, detail }) => ({ reason, detail }));
    if (conflicting > 0)
      rejections.push({ reason: 'conflict', detail: `${conflicting} readings have other values` });
    return { id, accepted, duplicate, isLastKnown: retained && rejections.length === 0, rejections };
  }
}
