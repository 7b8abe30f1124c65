import { randomUUID } from 'node:crypto';
import { filtersOf, matchTopic, BUILTIN_PROFILES, type Profile } from '#ingestion';
import { FleetService, RollUpService, StateService } from '#monitoring';
import { Database, sql } from '#persistence';
import { readEnvironment } from '#platform';
import { startBroker, type ScenarioBroker } from './broker.ts';
import { Deliveries } from './deliveries.ts';
import { keyOf, MARKER } from './ingest-protocol.ts';
import type { IngestProcess } from './ingest-process.ts';
import { Publisher, type OutboundMessage } from './publisher.ts';
import { recordExchange, recordMove } from './records.ts';
import type { Part, ScenarioPublish, TimedStep } from './scenario-file.ts';
import { SetClock } from './set-clock.ts';
import type { Storage } from './storage.ts';

/**
 * One story on the real parts, from its first step to what is left of it.
 *
 *   made ready → acted, step by step → settled → read
 *
 * Nothing waits for time to pass: a step is over when ingest has what was published in it, and what is settled has
 * been acknowledged after its commit and rolled up. The clock shows the instant of the step.
 */
export interface StoryParts<T> {
  play: Play<T>;
  storage: Storage;
  ingest: IngestProcess;
  /** The runner's bundle, for what runs in a process of its own. */
  program: string;
  folder: string;
  keep: boolean;
  remark: (line: string) => void;
  /** A story that is given up ends at its next step. */
  signal?: AbortSignal;
}

/** What is played: a scenario file, or the model of a fleet. */
export interface Play<T> {
  /** Instant of the first step, epoch ms. */
  startMs: number;
  profiles: readonly Profile[];
  isBrokerKilled: boolean;
  /** Writes the registry of the story into an empty database. */
  write(database: Database): Promise<void>;
  act(stage: Stage): Promise<void>;
  /** Takes requests to send again; null leaves them to the publisher. */
  onRequest: ((stage: Stage, topic: string, payload: Buffer) => void) | null;
  /** Reads what is left. */
  read(scene: Scene): Promise<T>;
}

/** What a play can do. */
export interface Stage {
  readonly database: Database;
  readonly clock: SetClock;
  nowMs(): number;
  take(step: TimedStep): Promise<void>;
  /** The clock goes on. */
  setTime(atMs: number): Promise<void>;
  /** Hands a message to the broker; {@link untilReceived} says when ingest has it. */
  send(message: OutboundMessage): void;
  untilReceived(): Promise<void>;
  /** Lets ingest look for holes in the numbers and ask, until none is left that can be filled. */
  fillHoles(): Promise<void>;
  settle(): Promise<void>;
}

/** What a story leaves behind. */
interface Scene {
  database: Database;
  clock: SetClock;
  /** What went wrong on the way, each in one sentence. */
  found: readonly string[];
}

const RESEND_AFTER_S = 1;
const READY_TIMEOUT_MS = 30_000;
/** A marker that nobody subscribes to is gone; the next one comes so much later. */
const MARKER_EVERY_MS = 25;
const RECEIVE_TIMEOUT_MS = 30_000;
/** While the database is away the reader may be held. */
const HELD_TIMEOUT_MS = 1000;
/** A broker that was killed may have lost what it had taken. */
const ADRIFT_MS = 2000;
const PUBLISH_TIMEOUT_MS = 30_000;
/** Without a further commit for so long, what is missing does not come. */
const QUIET_MS = 30_000;
/** … and where a broker lost it, it has to be asked for. */
const LOST_QUIET_MS = 4000;
/** Ingest looks for holes every two seconds. */
const ASK_AGAIN_TRIES = 24;
const ASK_AGAIN_EVERY_MS = 500;
/** A hole that nobody fills after so many looks stays one: the requests are behind a growing patience. */
const HOLE_TRIES = 30;
const HOLE_LOOK_MS = 400;
/** Seconds by which the clock may run ahead while holes are asked for: the next step is a minute later. */
const HOLE_AHEAD_MAX = 50;
const ROLL_UP_DAYS = 400;

export async function tellStory<T>(parts: StoryParts<T>): Promise<T> {
  const story = new Story(parts);
  try {
    return await story.tell();
  } finally {
    await story.clear();
  }
}

class Story<T> {
  private readonly clock: SetClock;
  private readonly deliveries = new Deliveries();
  private readonly down = new Set<Part>();
  private readonly killed = new Set<Part>();
  private readonly topicFilters: readonly string[];
  private readonly cleanUp: (() => Promise<unknown>)[] = [];
  private readonly found: string[] = [];
  private readonly markersSeen = new Set<string>();
  private waitsForDatabase = false;

  constructor(private readonly parts: StoryParts<T>) {
    this.clock = new SetClock(parts.play.startMs);
    const native = BUILTIN_PROFILES.filter(({ payload }) => payload === 'native');
    this.topicFilters = [...native, ...parts.play.profiles]
      .flatMap(filtersOf)
      .concat('pv/v1/+/+/resend/reply');
  }

  async tell(): Promise<T> {
    const { play, storage, ingest, program, folder, remark } = this.parts;
    ingest.prepare();
    const url = await storage.createDatabase();
    if (!this.parts.keep) this.cleanUp.push(() => storage.dropDatabase(url));
    const database = Database.connect({ url, applicationName: 'scenario', poolMax: 3 });
    this.cleanUp.push(() => database.close());
    const [broker] = await Promise.all([
      startBroker({ isKilled: play.isBrokerKilled, program, folder, remark }),
      play.write(database),
    ]);
    this.cleanUp.push(() => broker.stop());
    let stage: Stage | undefined;
    const { onRequest } = play;
    const publisher = new Publisher(
      broker.url,
      onRequest && ((topic, payload) => stage && onRequest(stage, topic, payload)),
    );
    this.cleanUp.push(() => publisher.stop());
    const run = { database, url, broker, publisher };
    ingest.listener = this.listener();
    this.cleanUp.push(() => ingest.stop());
    await this.startIngest(run);
    stage = this.stageOf(run);
    await play.act(stage);
    await this.finish(run);
    return play.read({ database, clock: this.clock, found: this.found });
  }

  private stageOf(run: Run): Stage {
    return {
      database: run.database,
      clock: this.clock,
      nowMs: () => this.clock.nowMs(),
      take: async (step) => {
        this.parts.signal?.throwIfAborted();
        await this.take(step, run);
      },
      setTime: async (atMs) => {
        this.parts.signal?.throwIfAborted();
        await this.setTime(atMs);
      },
      send: (message) => {
        this.deliveries.expect(keyOf(message.topic, message.payload));
        run.publisher.publish(message);
      },
      untilReceived: async () => {
        await this.untilPublished(run.publisher);
        await this.untilReceived();
      },
      fillHoles: () => this.fillHoles(run),
      settle: () => this.settle(run),
    };
  }

  async clear(): Promise<void> {
    if (this.down.has('database')) await this.parts.storage.restart();
    for (const step of this.cleanUp.toReversed()) await step();
    this.parts.ingest.listener = undefined;
  }

  private listener() {
    const { deliveries } = this;
    return {
      received: (key: string) => deliveries.received(key),
      acknowledged: (key: string) => deliveries.acknowledged(key),
      marker: (text: string, topic: string) => {
        this.markersSeen.add(`${topic} ${text}`);
        deliveries.changed.notify();
      },
    };
  }

  private async take(step: TimedStep, run: Run): Promise<void> {
    await this.setTime(step.atMs);
    if (step.publish) await this.publish(step.publish, run);
    if (step.deviceExchanged) await recordExchange(run.database, this.clock, step.deviceExchanged);
    if (step.deviceMoved) await recordMove(run.database, this.clock, step.deviceMoved);
    if (step.kill) await this.kill(step.kill, run);
    if (step.start) await this.start(step.start, run);
    if (step.wait) await this.settle(run);
  }

  private async setTime(atMs: number): Promise<void> {
    if (atMs === this.clock.nowMs()) return;
    this.clock.set(atMs);
    if (!this.down.has('ingest')) await this.parts.ingest.setClock(atMs);
  }

  private async publish(
    { topic, payload, qos, retain, times }: ScenarioPublish,
    { publisher }: Run,
  ): Promise<void> {
    const isSubscribed = this.topicFilters.some((filter) => matchTopic(filter, topic) !== null);
    // Nobody keeps a message of QoS 0 for who is not there.
    const isKept = qos === 1 || !(this.down.has('ingest') || this.down.has('broker'));
    for (let copy = 0; copy < times; copy += 1) {
      if (isSubscribed && isKept) this.deliveries.expect(keyOf(topic, payload));
      publisher.publish({ topic, payload, qos, retain });
    }
    if (this.down.has('broker')) return;
    await this.untilPublished(publisher);
    await this.untilReceived();
  }

  private async untilPublished(publisher: Publisher): Promise<void> {
    if (!(await publisher.idle(PUBLISH_TIMEOUT_MS)))
      throw new Error('the broker does not take what is published');
  }

  /** Whatever the broker has is with ingest, so that the clock may go on. */
  private async untilReceived(): Promise<void> {
    if (this.down.has('ingest') || this.down.has('broker')) return;
    const { deliveries } = this;
    const hasAll = await deliveries.changed.until(() => deliveries.underway === 0, this.receiveTimeoutMs());
    if (!hasAll) deliveries.letDrift();
  }

  private receiveTimeoutMs(): number {
    if (this.down.has('database')) return HELD_TIMEOUT_MS;
    return this.killed.has('broker') ? ADRIFT_MS : RECEIVE_TIMEOUT_MS;
  }

  private async kill(part: Part, { broker }: Run): Promise<void> {
    this.down.add(part);
    this.killed.add(part);
    if (part === 'ingest') await this.parts.ingest.kill();
    else if (part === 'broker') await broker.kill();
    else await this.parts.storage.kill();
    if (part !== 'database') this.deliveries.receiverGone();
  }

  private async start(part: Part, run: Run): Promise<void> {
    if (part === 'broker') await run.broker.restart();
    if (part === 'database') await this.parts.storage.restart();
    this.down.delete(part);
    // Whoever starts ingest starts it again until its database is there.
    const isIngestWanted = part === 'ingest' || (part === 'database' && this.waitsForDatabase);
    if (isIngestWanted && this.down.has('database')) this.waitsForDatabase = true;
    else if (isIngestWanted) await this.startIngest(run);
    else if (part === 'broker') await this.untilSubscribed(run);
    if (part === 'broker') await this.untilPublished(run.publisher);
    if (!this.waitsForDatabase) await this.untilReceived();
  }

  private async startIngest(run: Run): Promise<void> {
    this.waitsForDatabase = false;
    await this.parts.ingest.start({
      databaseUrl: run.url,
      brokerUrl: run.broker.url,
      ingestId: 'scenario',
      atMs: this.clock.nowMs(),
      resendAfterS: RESEND_AFTER_S,
    });
    await this.untilSubscribed(run);
  }

  /** A message reaches ingest on each of its connections. */
  private async untilSubscribed({ publisher }: Run): Promise<void> {
    if (this.down.has('ingest') || this.down.has('broker')) return;
    const text = `${MARKER}:${randomUUID()}`;
    const topics = markerTopics(this.parts.play.profiles);
    const isSeen = (topic: string) => this.markersSeen.has(`${topic} ${text}`);
    const untilMs = Date.now() + READY_TIMEOUT_MS;
    while (!topics.every(isSeen)) {
      if (Date.now() > untilMs) throw new Error('ingest does not subscribe');
      for (const topic of topics)
        if (!isSeen(topic)) publisher.publish({ topic, payload: Buffer.from(text), qos: 1, retain: false });
      await this.deliveries.changed.until(() => topics.every(isSeen), MARKER_EVERY_MS);
    }
  }

  /** What was killed and is not back is started, and everything is settled. */
  private async finish(run: Run): Promise<void> {
    for (const part of ['database', 'broker', 'ingest'] as const)
      if (this.down.has(part)) await this.start(part, run);
    await this.settle(run);
  }

  private async settle(run: Run): Promise<void> {
    const { deliveries, parts } = this;
    if (!this.down.has('broker')) await this.untilPublished(run.publisher);
    if (!this.down.has('broker') && !this.down.has('ingest')) {
      await this.closeRounds();
      await this.untilWritten(this.killed.has('broker') ? LOST_QUIET_MS : QUIET_MS);
      if (deliveries.unwritten > 0 && this.killed.has('broker')) await this.askAgain();
      await parts.ingest.setClock(this.clock.nowMs());
      this.noteLost();
    }
    await this.rollUp(run);
  }

  /** Values of loggers that publish one a topic are a reading once the logger is silent. */
  private async closeRounds(): Promise<void> {
    const quietMs = this.parts.play.profiles
      .filter(({ payload }) => payload === 'topic-values')
      .reduce((longest, { assembly }) => Math.max(longest, assembly.quietMs + 1), 0);
    if (quietMs > 0) await this.parts.ingest.setClock(this.clock.nowMs() + quietMs);
  }

  private async untilWritten(quietMs: number): Promise<void> {
    const { deliveries } = this;
    let before: number;
    do {
      before = deliveries.unwritten;
      await deliveries.changed.until(() => deliveries.unwritten < before || before === 0, quietMs);
    } while (deliveries.unwritten < before && deliveries.unwritten > 0);
  }

  /** What a killed broker had taken and lost is asked for again by its number, some seconds later on the clock. */
  private async askAgain(): Promise<void> {
    for (let tries = 1; tries <= ASK_AGAIN_TRIES && this.deliveries.unwritten > 0; tries += 1) {
      await this.parts.ingest.setClock(this.clock.nowMs() + tries * RESEND_AFTER_S * 1000);
      await this.untilWritten(ASK_AGAIN_EVERY_MS);
    }
  }

  /** Holes are written with the messages, so these come first. */
  private async fillHoles({ database }: Run): Promise<void> {
    await this.untilWritten(QUIET_MS);
    const nowMs = this.clock.nowMs();
    let before = Infinity;
    for (let tries = 1; tries <= HOLE_TRIES; tries += 1) {
      this.parts.signal?.throwIfAborted();
      const left = await openHoles(database);
      if (left === 0) break;
      // Whatever comes on gives the rest its time again.
      if (left < before) tries = 1;
      before = left;
      await this.parts.ingest.setClock(nowMs + Math.min(tries, RESEND_AFTER_S * HOLE_AHEAD_MAX) * 1000);
      await this.deliveries.changed.next(HOLE_LOOK_MS);
      await this.untilReceived();
      await this.untilWritten(QUIET_MS);
    }
    await this.parts.ingest.setClock(nowMs);
  }

  private noteLost(): void {
    const lost = this.deliveries.giveUp().length;
    if (lost === 0) return;
    const line = `${lost} of the messages that were published did not reach the database`;
    if (this.killed.has('broker')) this.parts.remark(`${line}: the broker lost them`);
    else this.found.push(line);
  }

  private async rollUp({ database }: Run): Promise<void> {
    const rollUp = new RollUpService(database, this.clock);
    while ((await rollUp.rollUpDirtyDays(ROLL_UP_DAYS)) > 0);
    const fleet = new FleetService(database, this.clock, readEnvironment({}));
    await new StateService(database, this.clock, fleet, rollUp).judgeStations();
  }
}

interface Run {
  database: Database;
  url: string;
  broker: ScenarioBroker;
  publisher: Publisher;
}

/** Numbers that are missing between others and of which no sender has said that they are gone. */
async function openHoles(database: Database): Promise<number> {
  const [row] = await database.query<{ holes: bigint }>(sql`
    select coalesce(sum(upper(hole) - lower(hole)), 0)::bigint as holes
    from (
      select m.station_id, m.sender_code, m.epoch, range_agg(m.received) as numbers
      from message_sequence m
      group by m.station_id, m.sender_code, m.epoch
    ) as r
    left join lateral (
      select range_agg(q.gone) as gone
      from resend_request q
      where q.station_id = r.station_id and q.sender_code = r.sender_code and q.epoch = r.epoch
    ) as g on true
    cross join lateral unnest(
      int8multirange(int8range(lower(r.numbers), upper(r.numbers))) - r.numbers - coalesce(g.gone, '{}')) as hole`);
  return Number(row?.holes ?? 0n);
}

/** A topic that each connection of ingest subscribes to last. */
function markerTopics(profiles: readonly Profile[]): string[] {
  const last = profiles.findLast(({ payload }) => payload === 'topic-values');
  const filter = last ? filtersOf(last).at(-1) : undefined;
  return ['pv/v1/scenario/marker/resend/reply', ...(filter ? [filter.replace(/[+#]/g, MARKER)] : [])];
}
