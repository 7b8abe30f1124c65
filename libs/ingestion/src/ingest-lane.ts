import { AcknowledgingClient } from '#mqtt';
import type { TimeSeriesDays } from '#persistence';
import type { Clock, Logger } from '#platform';
import { DecoderSet, filtersOf } from './decoder-set.ts';
import type { DeviceClocks } from './device-clocks.ts';
import type { DeviceDirectory } from './device-directory.ts';
import {
  IngestPipeline,
  WAITING_MESSAGES_MAX,
  type PipelineParts,
  type PipelineStats,
} from './ingest.pipeline.ts';
import type { Profile } from './profiles/profile.ts';
import type { ReadingRepository } from './reading.repository.ts';

/** What the log says where two clients share an id. */
const REMEDY = 'another program connects with this client id: give each ingest a PV_INGEST_ID of its own';
/** One batch is written, one prepared, one comes in. */
const RECEIVE_MAXIMUM = 3 * WAITING_MESSAGES_MAX;

export interface LaneParts extends Pick<PipelineParts, 'onGaps' | 'onResendReply'> {
  url: string;
  clientId: string;
  repository: ReadingRepository;
  directory: DeviceDirectory;
  days: TimeSeriesDays;
  clock: Clock;
  clocks: DeviceClocks;
  logger: Logger;
  profiles: readonly Profile[];
  /** Filters beside those of the profiles. */
  filters: readonly string[];
  /** Several programs share the messages of the profiles under this name. */
  group: string | undefined;
}

export interface LaneStats extends PipelineStats {
  /** How often another client with the same id threw this one out. */
  takenOver: number;
  /** True while that goes on: what the other one receives does not come here. */
  contended: boolean;
}

/**
 * A connection with its pipeline. Loggers that publish one value a topic have a lane of their own: their messages are
 * acknowledged a round late, and acknowledgements keep the order of arrival.
 */
export class IngestLane {
  private readonly pipeline: IngestPipeline;
  private readonly client: AcknowledgingClient;
  private readonly filters: readonly string[];

  constructor(parts: LaneParts) {
    const decoders = new DecoderSet(parts.profiles, parts.directory);
    const { logger } = parts;
    this.pipeline = new IngestPipeline({
      ...parts,
      decoders,
      onRebirthNeeded: (nodes) => this.askForBirths(nodes, logger),
    });
    this.filters = laneFilters(parts);
    this.client = new AcknowledgingClient({
      url: parts.url,
      clientId: parts.clientId,
      filters: this.filters,
      receiveMaximum: RECEIVE_MAXIMUM,
      onMessage: (message) => this.pipeline.receive(message),
      onClose: () => this.pipeline.discardWaiting(),
      onEvent: (event, detail) => {
        if (event === 'error') logger.warn({ err: detail }, 'ingest.broker_error');
        else if (event === 'taken_over')
          logger.error({ detail, remedy: REMEDY }, 'ingest.client_id_taken_over');
        else logger.info({ detail }, `ingest.broker_${event}`);
      },
    });
  }

  get connected(): boolean {
    return this.client.connected;
  }

  get lastReceivedAtMs(): number | null {
    return this.pipeline.lastReceivedAtMs;
  }

  stats(): LaneStats {
    const { times, isContended } = this.client.takeOvers;
    return { ...this.pipeline.stats(), takenOver: times, contended: isContended };
  }

  reconnect(): void {
    this.client.reconnect();
  }

  publish(topic: string, payload: string): Promise<void> {
    return this.client.publish(topic, payload);
  }

  /** Writes what waits and leaves; the broker queues what is still subscribed to. */
  async close(): Promise<void> {
    await this.pipeline.close();
    await this.client.stop();
  }

  /** Subscriptions that nobody wants any more must not fill the broker's queue. */
  async dropFiltersBut(wanted: readonly string[]): Promise<void> {
    await this.client.unsubscribe(this.filters.filter((filter) => !wanted.includes(filter)));
  }

  private askForBirths(nodeIds: readonly string[], logger: Logger): void {
    for (const nodeId of nodeIds) {
      const [group = '', edge = ''] = nodeId.split('/');
      this.client
        .publish(`spBv1.0/${group}/NCMD/${edge}`, REBIRTH_COMMAND)
        .catch((error: unknown) => logger.warn({ err: error, nodeId }, 'ingest.rebirth_not_asked'));
    }
  }
}

/** What a lane subscribes to. */
export function laneFilters({
  profiles,
  filters,
  group,
}: Pick<LaneParts, 'profiles' | 'filters' | 'group'>): string[] {
  const prefix = group === undefined ? '' : `$share/${group}/`;
  const shared = profiles.flatMap(filtersOf).filter((filter) => !filters.includes(filter));
  return [...new Set([...shared.map((filter) => `${prefix}${filter}`), ...filters])];
}

const REBIRTH_METRIC = 'Node Control/Rebirth';
/** Protocol buffers: a boolean metric (datatype 11) with the name above, true (Sparkplug 3.0, 6.4.20). */
const REBIRTH_COMMAND = (() => {
  const name = Buffer.from(REBIRTH_METRIC);
  const metric = Buffer.concat([Buffer.from([0x0a, name.length]), name, Buffer.from([0x20, 11, 0x70, 1])]);
  return Buffer.concat([Buffer.from([0x12, metric.length]), metric]);
})();
