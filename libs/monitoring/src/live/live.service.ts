import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { LiveAlarm, LiveQuery } from '#contracts';
import { Database, isTransient } from '#persistence';
import { Clock, LOGGER, type Logger } from '#platform';
import { Cached } from '../cached.ts';
import { FleetService } from '../fleet.service.ts';
import { StationService } from '../station.service.ts';
import { AlarmFeed } from './alarm-feed.ts';
import { LiveChannel, type LiveMessage } from './live-channel.ts';

export type { LiveMessage };

/** Alarms are looked at every second, the state of a scope every second time: figures move, the network does not notice. */
const TICK_MS = 1000;
const TICKS_A_STATE = 2;
/** A channel that nobody reads is kept for a while, for those who come back. */
const LINGER_MS = 120_000;
/** More scopes than counties and opened stations are nobody's. */
const CHANNELS_MAX = 600;

interface Running {
  channel: LiveChannel<LiveAlarm>;
  timer: NodeJS.Timeout;
  leftAtMs: number | null;
}

/** Live streams of the city, of counties and of stations: one channel a scope, whoever reads it. */
@Injectable()
export class LiveService implements OnModuleDestroy {
  /** Another run of the program has other numbers. */
  private readonly run = crypto.randomUUID().slice(0, 8);
  private readonly running = new Map<string, Running>();
  private readonly feed: AlarmFeed;
  private readonly fed: Cached<void>;
  private channels = 0;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(FleetService) private readonly fleet: FleetService,
    @Inject(StationService) private readonly stations: StationService,
  ) {
    this.feed = new AlarmFeed(database);
    this.fed = new Cached({ maxAgeMs: TICK_MS * 0.8, staleMs: 0 }, () => this.feed.read());
  }

  onModuleDestroy(): void {
    for (const { timer } of this.running.values()) clearInterval(timer);
    this.running.clear();
  }

  /**
   * The stream of a scope, with its first state at hand.
   * @returns how to read it: `subscribe` sends what was missed, then what comes; null where there is no such scope, or too
   *   many are open.
   */
  async open(
    scope: LiveQuery,
  ): Promise<((reader: (message: LiveMessage) => void, lastEventId: string | null) => () => void) | null> {
    const key = `${scope.county ?? ''}|${scope.station ?? ''}`;
    const found = this.running.get(key);
    if (!found && (this.running.size >= CHANNELS_MAX || !(await this.stateOf(scope)))) return null;
    const running = this.running.get(key) ?? (await this.start(key, scope));
    return (reader, lastEventId) => {
      running.leftAtMs = null;
      const stop = running.channel.subscribe(reader, lastEventId);
      return () => {
        stop();
        if (running.channel.readerCount === 0) running.leftAtMs = performance.now();
      };
    };
  }

  private stateOf({ county, station }: LiveQuery): Promise<object | null> {
    return station === undefined ? this.fleet.liveFleet(county ?? null) : this.stations.live(station);
  }

  private async start(key: string, scope: LiveQuery): Promise<Running> {
    this.channels += 1;
    const channel = new LiveChannel<LiveAlarm>({
      name: `${this.run}.${this.channels}`,
      type: scope.station === undefined ? 'fleet' : 'station',
      state: () => this.stateOf(scope),
      alarms: async (afterNo) => {
        await this.fed.get();
        return this.feed.after(afterNo, (event) => isWithin(event, scope));
      },
      nowMs: () => performance.now(),
      asOf: () => this.clock.now().toISOString(),
    });
    await channel.tick({ withState: true });
    const known = this.running.get(key);
    if (known) return known;
    let ticks = 0;
    let isBusy = false;
    const timer = setInterval(() => {
      // A look that takes longer than its turn is waited for.
      if (isBusy) return;
      isBusy = true;
      ticks += 1;
      void this.look(key, channel, ticks % TICKS_A_STATE === 0).finally(() => {
        isBusy = false;
      });
    }, TICK_MS);
    timer.unref();
    const running: Running = { channel, timer, leftAtMs: performance.now() };
    this.running.set(key, running);
    return running;
  }

  /** One look; while the database is away the readers keep their line, and hear again once it is back. */
  private async look(key: string, channel: LiveChannel<LiveAlarm>, withState: boolean): Promise<void> {
    const running = this.running.get(key);
    if (!running) return;
    if (running.leftAtMs !== null && performance.now() - running.leftAtMs > LINGER_MS) {
      clearInterval(running.timer);
      this.running.delete(key);
      return;
    }
    try {
      await channel.tick({ withState });
    } catch (error) {
      if (!isTransient(error)) this.logger.error({ err: error, scope: key }, 'live.look_failed');
    }
  }
}

function isWithin(event: LiveAlarm, { county, station }: LiveQuery): boolean {
  if (station !== undefined) return event.stationCode === station;
  return county === undefined || event.countyCode === null || event.countyCode === county;
}
