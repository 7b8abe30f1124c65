import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  testbenchParametersSchema,
  testbenchResultSchema,
  type TestbenchAsk,
  type TestbenchParameters,
  type TestbenchQuery,
  type TestbenchRun,
  type TestbenchRunList,
  TESTBENCH_LIMITS,
} from '#contracts';
import { isInArea, type Area } from '#domain';
import { Database } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { worldSchema, type TestbenchWorld } from './protocol.ts';
import {
  askToCancel,
  countQueued,
  insertRun,
  listRuns,
  runOf,
  runOfKey,
  type StoredRun,
} from './run.repository.ts';
import { worldOf } from './world.repository.ts';

/** Who asks for a run; sees and plays the stations of his area. */
export interface TestbenchActor {
  accountId: string;
  name: string;
  area: Area;
}

const PAGE_SIZE = 20;
const NO_WORLD: TestbenchWorld = { counties: [], townships: [], stations: [] };

/** Asks for runs of the testers' place, shows them and takes them back; `TestbenchQueue` plays them. */
@Injectable()
export class TestbenchService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Puts a run into the queue; the same action key is the same run.
   * @throws ProblemError 422 `testbench.unknown_station`, `testbench.unknown_device`, `testbench.no_gateway`, 403
   *   `access.outside_area`, 409 `testbench.key_reused`, `testbench.queue_full`
   */
  async ask({ actionKey, name, parameters }: TestbenchAsk, actor: TestbenchActor): Promise<TestbenchRun> {
    const known = await runOfKey(this.database, actionKey);
    const written = JSON.stringify(parameters);
    if (known) {
      if (known.parameters !== written || known.name !== name || known.replayOfId !== null) throw keyReused();
      return this.get(known.id, actor);
    }
    const world = parameters.kind === 'fleet' ? await this.worldFor(parameters, actor) : NO_WORLD;
    return this.enqueue(
      { actionKey, name, parameters: written, kind: parameters.kind, world: JSON.stringify(world) },
      {
        seed: parameters.kind === 'fleet' ? parameters.seed : null,
        countyCodes: world.counties.map(({ code }) => code),
        replayOfId: null,
      },
      actor,
    );
  }

  /**
   * Puts the same world into the queue once more, with the stations as they were; its result has the same hash as long as
   * the program has not changed.
   * @throws ProblemError 404 `testbench.unknown_run`, 409 `testbench.key_reused`, `testbench.queue_full`
   */
  async replay(id: string, actionKey: string, actor: TestbenchActor): Promise<TestbenchRun> {
    const origin = await this.stored(id, actor, { withResult: false });
    const first = origin.head.replayOfId ?? id;
    const known = await runOfKey(this.database, actionKey);
    if (known) {
      if (known.replayOfId !== first) throw keyReused();
      return this.get(known.id, actor);
    }
    const { name, kind } = origin.head;
    const { parameters, world, seed, countyCodes } = origin;
    return this.enqueue(
      { actionKey, name, parameters, kind, world },
      { seed, countyCodes, replayOfId: first },
      actor,
    );
  }

  /** Runs of an area, the newest first. */
  async list({ state, page }: TestbenchQuery, actor: TestbenchActor): Promise<TestbenchRunList> {
    const found = await listRuns(this.database, { area: actor.area, state, page, pageSize: PAGE_SIZE });
    return { ...found, page, pageSize: PAGE_SIZE };
  }

  /** A run with what came out. @throws ProblemError 404 `testbench.unknown_run` */
  async get(id: string, actor: TestbenchActor): Promise<TestbenchRun> {
    const { head, parameters, world, result, replays } = await this.stored(id, actor, { withResult: true });
    const { stations } = worldSchema.parse(JSON.parse(world));
    return {
      ...head,
      parameters: testbenchParametersSchema.parse(JSON.parse(parameters)),
      stationNames: Object.fromEntries(stations.map(({ code, name }) => [code, name])),
      result: result === null ? null : testbenchResultSchema.parse(JSON.parse(result)),
      replays,
    };
  }

  /**
   * Takes a run back: one that waits at once, one that runs as soon as its program has ended.
   * @throws ProblemError 404 `testbench.unknown_run`, 409 `testbench.is_over`
   */
  async cancel(id: string, actor: TestbenchActor): Promise<TestbenchRun> {
    await this.stored(id, actor, { withResult: false });
    // Real time, as all times of a run: a demo clock may run a thousand times as fast.
    if (!(await askToCancel(this.database, id, this.clock.realNow())))
      throw new ProblemError(409, 'testbench.is_over', '运行已结束 (the run is over)');
    return this.get(id, actor);
  }

  private async enqueue(
    run: {
      actionKey: string;
      name: string;
      parameters: string;
      kind: TestbenchParameters['kind'];
      world: string;
    },
    facts: { seed: number | null; countyCodes: readonly string[]; replayOfId: string | null },
    actor: TestbenchActor,
  ): Promise<TestbenchRun> {
    if ((await countQueued(this.database)) >= TESTBENCH_LIMITS.queued)
      throw new ProblemError(
        409,
        'testbench.queue_full',
        `已有 ${TESTBENCH_LIMITS.queued} 个运行在排队 (the queue is full)`,
      );
    const id = await insertRun(this.database, {
      id: randomUUID(),
      ...run,
      ...facts,
      askedById: actor.accountId,
      askedBy: actor.name,
      askedAt: this.clock.realNow(),
    });
    if (id !== null) return this.get(id, actor);
    // Sent twice at the same time: the other one was first.
    const first = await runOfKey(this.database, run.actionKey);
    if (first?.parameters !== run.parameters || first.replayOfId !== facts.replayOfId) throw keyReused();
    return this.get(first.id, actor);
  }

  private async stored(
    id: string,
    actor: TestbenchActor,
    options: { withResult: boolean },
  ): Promise<StoredRun> {
    const run = await runOf(this.database, id, { area: actor.area, ...options });
    if (!run) throw new ProblemError(404, 'testbench.unknown_run', `没有运行 ${id} (no such run)`);
    return run;
  }

  private async worldFor(
    { stations, faults }: Extract<TestbenchParameters, { kind: 'fleet' }>,
    actor: TestbenchActor,
  ): Promise<TestbenchWorld> {
    const world = await worldOf(this.database, stations);
    const found = new Map(world.stations.map((station) => [station.code, station]));
    const unknown = stations.filter((code) => !found.has(code));
    if (unknown.length > 0)
      throw refused('unknown_station', `没有电站 ${unknown.join('、')} (no such station)`);
    const outside = world.counties.find(({ code }) => !isInArea(actor.area, code));
    if (outside)
      throw new ProblemError(403, 'access.outside_area', `${outside.name} is outside of this account's area`);
    for (const { code, gateways } of world.stations)
      if (gateways.length === 0) throw refused('no_gateway', `${code} 没有网关 (has no gateway)`);
    for (const [index, { station, device }] of faults.entries())
      if (device !== undefined && !found.get(station)?.devices.some(({ code }) => code === device))
        throw refused(
          'unknown_device',
          `第 ${index + 1} 条故障：${station} 没有设备 ${device} (no such device)`,
        );
    return world;
  }
}

const keyReused = () =>
  new ProblemError(409, 'testbench.key_reused', '同一操作键已用于另一个运行 (the key is of another run)');
const refused = (code: string, text: string) => new ProblemError(422, `testbench.${code}`, text);
