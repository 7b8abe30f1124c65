import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { NATIVE_TOPIC_ROOT } from '#contracts';
import { dayOf, sunTimes } from '#domain';
import { Database, sql, TimeSeriesDays } from '#persistence';
import { Clock, ENVIRONMENT, LOGGER, type Environment, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import { DeviceClocks } from './device-clocks.ts';
import { DeviceDirectory } from './device-directory.ts';
import { IngestLane, laneFilters } from './ingest-lane.ts';
import { enabledProfiles, mappedSources } from './profile-directory.ts';
import type { Profile } from './profiles/profile.ts';
import { ReadingRepository } from './reading.repository.ts';
import { ResendService } from './resend.service.ts';
import { SilenceWatch } from './silence-watch.ts';

/** Signs of life are written, holes are looked for and switches are read this often. */
const HEARTBEAT_MS = 2000;

/** Connects the broker to the database for as long as the program runs. */
@Injectable()
export class IngestService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly directory: DeviceDirectory;
  private readonly repository: ReadingRepository;
  private readonly days: TimeSeriesDays;
  private readonly clocks: DeviceClocks;
  private readonly resend: ResendService;
  private readonly silence: SilenceWatch;
  private lanes: IngestLane[] = [];
  private profilesText = '';
  private heartbeat: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.directory = new DeviceDirectory(new RegistryRepository(database), () => mappedSources(database));
    this.repository = new ReadingRepository(database);
    this.days = new TimeSeriesDays(database);
    this.clocks = new DeviceClocks(() => clock.nowMs());
    this.resend = new ResendService({
      database,
      clock,
      logger,
      patienceMs: environment.PV_RESEND_AFTER_S * 1000,
      publish: async (topic, payload) => this.lanes[0]?.publish(topic, payload),
    });
    this.silence = new SilenceWatch({
      startedAtMs: clock.nowMs(),
      speed: clock.speed,
      isDaylight: (atMs) => {
        const { sunriseMs, sunsetMs } = sunTimes({ day: dayOf(atMs), ...FLEET_PLACE });
        return atMs > sunriseMs && atMs < sunsetMs;
      },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.directory.load();
    this.openLanes(await enabledProfiles(this.database));
    this.heartbeat = setInterval(() => {
      // One round at a time: a database that is slow must not be asked more and more.
      this.beating ??= this.round().finally(() => {
        this.beating = undefined;
      });
    }, HEARTBEAT_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.beating;
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private async round(): Promise<void> {
    try {
      await this.beat();
      await this.clocks.store(this.database);
      await this.followSwitches();
      await this.resend.turn();
    } catch (error) {
      this.logger.warn({ err: error }, 'ingest.heartbeat_failed');
    }
    this.watchSilence();
  }

  /** Profiles that were switched on, off or changed take effect without a restart. */
  private async followSwitches(): Promise<void> {
    const profiles = await enabledProfiles(this.database);
    if (JSON.stringify(profiles) === this.profilesText) return;
    await this.directory.load();
    const wanted = this.planLanes(profiles).flatMap(laneFilters);
    await Promise.all(this.lanes.map((lane) => lane.dropFiltersBut(wanted)));
    await Promise.all(this.lanes.map((lane) => lane.close()));
    this.openLanes(profiles);
    this.logger.info({ profiles: profiles.map(({ id }) => id) }, 'ingest.profiles_changed');
  }

  private planLanes(profiles: readonly Profile[]) {
    const values = profiles.filter(({ payload }) => payload === 'topic-values');
    const others = profiles.filter(({ payload }) => payload !== 'topic-values');
    const clientId = `sunledger-${this.environment.PV_INGEST_ID}`;
    const group = this.environment.PV_INGEST_GROUP;
    const all = `${NATIVE_TOPIC_ROOT}/#`;
    // Status is retained, and retained messages do not come over a shared subscription. All topics of ours, so that a
    // misspelt one is seen in quarantine and not lost in silence.
    const filters =
      group === undefined ? [all] : [`${NATIVE_TOPIC_ROOT}/+/+/status`, `$share/${group}/${all}`];
    const main = { clientId, group, filters, profiles: others };
    const second = { clientId: `${clientId}-values`, group, filters: [], profiles: values };
    return values.length > 0 ? [main, second] : [main];
  }

  private openLanes(profiles: readonly Profile[]): void {
    this.profilesText = JSON.stringify(profiles);
    const { repository, directory, days, clock, clocks, logger } = this;
    this.lanes = this.planLanes(profiles).map(
      (plan) =>
        new IngestLane({
          ...plan,
          url: this.environment.MQTT_URL ?? `mqtt://127.0.0.1:${this.environment.MQTT_PORT}`,
          repository,
          directory,
          days,
          clock,
          clocks,
          logger,
          onGaps: (senders) => this.resend.suspect(senders),
          onResendReply: (reply) => {
            this.resend
              .noteReply(reply)
              .catch((error: unknown) => logger.warn({ err: error }, 'ingest.resend_reply_failed'));
          },
        }),
    );
  }

  private watchSilence(): void {
    const [main] = this.lanes;
    if (!main) return;
    const isConnected = main.connected;
    if (
      !this.silence.look({ nowMs: this.clock.nowMs(), lastReceivedAtMs: main.lastReceivedAtMs, isConnected })
    )
      return;
    // The broker may have lost the subscription; a new connection subscribes again.
    this.logger.error({ lastReceivedAtMs: main.lastReceivedAtMs }, 'ingest.connected_but_silent');
    main.reconnect();
  }

  private async beat(): Promise<void> {
    const [main] = this.lanes;
    const detail = {
      ...main?.stats(),
      ...(this.lanes[1] ? { values: this.lanes[1].stats() } : {}),
      asked: this.resend.askedNumbers,
      silent: this.silence.isSilent,
      connected: main?.connected ?? false,
    };
    await this.database.query(sql`
      insert into program_heartbeat (program, instance, recorded_at, detail)
      values ('ingest', ${this.environment.PV_INGEST_ID}, ${this.clock.now()}, ${JSON.stringify(detail)}::jsonb)
      on conflict (program, instance) do update set
        recorded_at = excluded.recorded_at, detail = excluded.detail`);
  }
}

/** The middle of Lüliang; for day and night any place of the city will do. */
const FLEET_PLACE = { latitudeDeg: 37.5, longitudeDeg: 111.1 };
