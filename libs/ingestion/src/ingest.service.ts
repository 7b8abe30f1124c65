import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { NATIVE_TOPIC_ROOT } from '#contracts';
import { AcknowledgingClient } from '#mqtt';
import { Database, sql, TimeSeriesDays } from '#persistence';
import { Clock, ENVIRONMENT, LOGGER, type Environment, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import { DeviceDirectory } from './device-directory.ts';
import { IngestPipeline, WAITING_MESSAGES_MAX } from './ingest.pipeline.ts';
import { ReadingRepository } from './reading.repository.ts';

/** Signs of life are written this often. */
const HEARTBEAT_MS = 2000;
/** Room for what waits and for what the network still carries. */
const RECEIVE_MAXIMUM = WAITING_MESSAGES_MAX + 1000;

/** Connects the broker to the pipeline for as long as the program runs. */
@Injectable()
export class IngestService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly pipeline: IngestPipeline;
  private readonly directory: DeviceDirectory;
  private client: AcknowledgingClient | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.directory = new DeviceDirectory(new RegistryRepository(database));
    this.pipeline = new IngestPipeline({
      repository: new ReadingRepository(database),
      directory: this.directory,
      days: new TimeSeriesDays(database),
      clock,
      logger,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.directory.load();
    this.client = new AcknowledgingClient({
      url: this.environment.MQTT_URL ?? `mqtt://127.0.0.1:${this.environment.MQTT_PORT}`,
      clientId: `sunledger-${this.environment.PV_INGEST_ID}`,
      filters: [`${NATIVE_TOPIC_ROOT}/+/+/telemetry`, `${NATIVE_TOPIC_ROOT}/+/+/status`],
      receiveMaximum: RECEIVE_MAXIMUM,
      onMessage: (message) => this.pipeline.receive(message),
      onClose: () => this.pipeline.discardWaiting(),
      onEvent: (event, detail) => this.noteEvent(event, detail),
    });
    this.heartbeat = setInterval(() => {
      this.beating = this.beat();
    }, HEARTBEAT_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.beating;
    await this.pipeline.close();
    await this.client?.stop();
  }

  private noteEvent(event: 'connected' | 'closed' | 'error', detail: unknown): void {
    if (event === 'error') this.logger.warn({ err: detail }, 'ingest.broker_error');
    else this.logger.info({ detail }, `ingest.broker_${event}`);
  }

  private async beat(): Promise<void> {
    const detail = { ...this.pipeline.stats(), connected: this.client?.connected ?? false };
    await this.database
      .query(
        sql`
          insert into program_heartbeat (program, instance, recorded_at, detail)
          values ('ingest', ${this.environment.PV_INGEST_ID}, ${this.clock.now()}, ${JSON.stringify(detail)}::jsonb)
          on conflict (program, instance) do update set
            recorded_at = excluded.recorded_at, detail = excluded.detail`,
      )
      .catch((error: unknown) => this.logger.warn({ err: error }, 'ingest.heartbeat_failed'));
  }
}
