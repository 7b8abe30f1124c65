import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, vi } from 'vitest';
import { AlarmEvaluator, FleetService, RollUpService, StateService } from '#monitoring';
import type { ReceivedReading } from '#ingestion';
import { sql, type Database } from '#persistence';
import { Clock, createLogger, readEnvironment } from '#platform';
import { createTestDatabase, launchBrowser, stumblingBlocks } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { writeSmallFleet, type SmallFleet } from '../integration/small-fleet.ts';

/** A clock that stands until it is moved. */
class SetClock extends Clock {
  atMs: number;
  constructor(atMs: number) {
    super();
    this.atMs = atMs;
  }
  override nowMs(): number {
    return this.atMs;
  }
}

/** Views are kept for a second of real time, in which this clock may go an hour. */
class ReadFleet extends FleetService {
  private known: Awaited<ReturnType<FleetService['stationViews']>> = [];
  async read(parts: { database: Database; clock: Clock }): Promise<void> {
    this.known = await new FleetService(parts.database, parts.clock, readEnvironment({})).stationViews();
  }
  override stationViews() {
    return Promise.resolve(this.known);
  }
}

/**
 * The built web app over an API in this process, a database of seven stations, and the worker's tasks taken by hand: no
 * year of history has to be written, and nothing is waited for but the page.
 */
export class SmallWorld {
  readonly clock: SetClock;
  private readonly views: ReadFleet;
  private readonly rollUp: RollUpService;
  private readonly alarms: AlarmEvaluator;
  private readonly states: StateService;

  private constructor(
    readonly database: Database,
    readonly fleet: SmallFleet,
    private readonly app: NestFastifyApplication,
    private readonly browser: Browser,
    readonly base: string,
    startMs: number,
  ) {
    this.clock = new SetClock(startMs);
    const environment = readEnvironment({});
    this.views = new ReadFleet(database, this.clock, environment);
    this.rollUp = new RollUpService(database, this.clock);
    this.alarms = new AlarmEvaluator(database, this.clock, environment, this.views);
    this.states = new StateService(database, this.clock, this.views, this.rollUp);
    vi.spyOn(app.get(Clock), 'nowMs').mockImplementation(() => this.clock.atMs);
  }

  static async create(parts: { database: Database; url: string }, startMs: number): Promise<SmallWorld> {
    const fleet = await writeSmallFleet(parts.database, { more: 3 });
    const environment = readEnvironment({
      PV_CLOCK_START: new Date(startMs).toISOString(),
      NODE_ENV: 'test',
      PV_ACCESS: 'open',
    });
    const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });
    const app = await createApi({ environment, logger, url: parts.url });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const base = `http://localhost:${new URL(await app.getUrl()).port}`;
    return new SmallWorld(parts.database, fleet, app, await launchBrowser(), base, startMs);
  }

  /** Readings go through the tables, and the worker's tasks take a turn at an instant. */
  async turn(nowMs: number, readings: readonly ReceivedReading[]): Promise<void> {
    this.clock.atMs = nowMs;
    await this.fleet.write(readings);
    await this.database.query(sql`
      insert into program_heartbeat (program, instance, recorded_at, detail)
      values ('ingest', 'ingest-1', ${this.clock.now()}::timestamptz, '{"connected": true}'::jsonb)
      on conflict (program, instance) do update set recorded_at = excluded.recorded_at`);
    while ((await this.rollUp.rollUpDirtyDays()) > 0);
    await this.views.read(this);
    await this.states.judgeStations();
    await this.alarms.evaluate();
  }

  /** A page of a browser of its own; errors of the page are collected. */
  async open(
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; problems: string[]; close: () => Promise<void> }> {
    const context = await this.browser.newContext({
      viewport: { width: 1366, height: 768 },
      acceptDownloads: true,
      // Everything is shown in Shanghai time, wherever the reader sits.
      timezoneId: 'America/New_York',
      ...options,
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${this.base}${path}`);
    return { page, problems, close: () => context.close() };
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.app.close();
  }
}

/** One world for a test file; call it at file level. */
export async function smallWorld(startMs: number): Promise<{ world: () => SmallWorld }> {
  const parts = await createTestDatabase();
  let made: SmallWorld | undefined;
  beforeAll(async () => {
    made = await SmallWorld.create(parts, startMs);
  });
  afterAll(() => made?.close());
  return {
    world: () => {
      if (!made) throw new Error('the world is made before the tests');
      return made;
    },
  };
}

/** What axe finds wrong with a page, a line each. */
export async function violationsOf(page: Page): Promise<string[]> {
  const violations = await stumblingBlocks(page);
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** How much wider than the screen a page is, px. */
export const sidewaysOf = (page: Page): Promise<unknown> =>
  page.evaluate('Math.max(0, document.documentElement.scrollWidth - window.innerWidth)');
