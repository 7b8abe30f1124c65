import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  testbenchAskSchema,
  TESTBENCH_LIMITS,
  type ScriptedFault,
  type TestbenchAsk,
  type TestbenchRun,
} from '#contracts';
import { raw, sql } from '#persistence';
import { Clock, createLogger, projectRoot, readEnvironment } from '#platform';
import {
  dayIndexOf,
  gatewaySchedules,
  parseFaultScript,
  ReadingModel,
  readingInstantMs,
  seqAfter,
  TruthModel,
} from '#simulation';
import { resultCsv, TestbenchQueue, TestbenchService, worldSchema } from '#testbench';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

/**
 * Runs of the testers' place on real parts: the built program in a process of its own, a database of its own on the test
 * server, broker, ingest and roll-up inside it.
 */
const RUN_TIMEOUT_MS = 120_000;
const DAY = '2026-06-10';
const SEED = 7;
const { database, url } = await createTestDatabase();
const fleet = await writeSmallFleet(database);
const [one, two] = fleet.neighbours;
const clock = new Clock();
const service = new TestbenchService(database, clock);
const tester = { accountId: 'T1', name: '测试员甲', area: null };

function queueOf(
  settings: { program?: string; timeLimitMs?: number } = {},
  databaseUrl = url,
): TestbenchQueue {
  return new TestbenchQueue(
    database,
    clock,
    createLogger('worker', { PV_LOG_LEVEL: 'error' }),
    readEnvironment({ DATABASE_URL: databaseUrl }),
    {
      program: join(projectRoot(), 'dist/apps/testbench/main.js'),
      timeLimitMs: RUN_TIMEOUT_MS,
      ...settings,
    },
  );
}

const fleetAsk = (faults: ScriptedFault[], name = '两个故障'): TestbenchAsk => ({
  actionKey: randomUUID(),
  name,
  parameters: {
    kind: 'fleet',
    stations: [one.code, two.code],
    fromDay: DAY,
    days: 1,
    seed: SEED,
    faults,
  },
});

async function leftDatabases(): Promise<string[]> {
  const rows = await database.query<{ name: string }>(sql`
    select datname as name from pg_database where datname like 'testbench\_%' order by 1`);
  return rows.map(({ name }) => name);
}

/** A stand-in for the program of a run: what it does with its job. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sunledger-testbench-spec-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
async function standIn(onJob: string): Promise<string> {
  const program = join(folder, `${randomUUID()}.mjs`);
  await writeFile(program, `process.once('message', (job) => { ${onJob} });\n`);
  return program;
}
const HANGS = 'setInterval(() => undefined, 1000);';
const ENDS = `process.send(${JSON.stringify({ type: 'result', result: emptyResult() })}, () => process.exit(0));`;
function emptyResult() {
  return {
    summary: {
      truthWh: null,
      storedWh: null,
      differenceWh: null,
      differenceFen: null,
      stationDays: 0,
      differing: 0,
      messages: 0,
      pass: null,
    },
    rows: [],
    months: [],
    curves: [],
    events: [],
    quarantine: [],
    counterEvents: [],
    mismatches: [],
  };
}

const runOf = (id: string) => service.get(id, tester);
async function untilState(id: string, state: TestbenchRun['state']): Promise<void> {
  while ((await runOf(id)).state !== state) await delay(50);
}

/** Energy that the meter of a station had counted today when it was read last before an instant, Wh. */
async function countedBeforeWh(code: string, instantMs: number, faults: ScriptedFault[]): Promise<number> {
  const truth = await truthOf(faults);
  const schedule = gatewaySchedules(truth.plant, 300).find(({ station }) => station.code === code);
  if (!schedule) throw new Error(`${code} has no gateway`);
  const lastSeq = seqAfter(schedule, instantMs) - 1;
  const seq = readingInstantMs(schedule, lastSeq) < instantMs ? lastSeq : lastSeq - 1;
  const { devices } = new ReadingModel(truth).reading(schedule, seq);
  return devices.find(({ kind }) => kind === 'meter')?.energyDayWh ?? 0;
}

async function truthOf(faults: ScriptedFault[]): Promise<TruthModel> {
  const [row] = await database.query<{ world: string }>(
    sql`select world from testbench_run where kind = 'fleet' order by number limit 1`,
  );
  const world = worldSchema.parse(JSON.parse(row?.world ?? '{}'));
  const devices = new Map(
    world.stations.map((station) => [station.code, new Set(station.devices.map(({ code }) => code))]),
  );
  const stations = world.stations.map(({ prices: _prices, ...station }) => ({
    ...station,
    gridAccounts: [],
    catalogueProjects: [],
    assetShares: [],
    revenueShares: [],
    tariffs: [],
    agriProjects: [],
    openingSettlement: null,
  }));
  return new TruthModel({
    seed: SEED,
    registry: { ...world, villages: [], stations },
    faults: parseFaultScript(JSON.stringify(faults), devices),
  });
}

describe('a run of two stations with two faults', { timeout: RUN_TIMEOUT_MS }, () => {
  const FROM = `${DAY}T12:00:00+08:00`;
  const faults: ScriptedFault[] = [
    { kind: 'offline', station: one.code, from: FROM },
    { kind: 'outage', station: two.code, from: `${DAY}T10:00:00+08:00`, to: `${DAY}T11:00:00+08:00` },
  ];
  const ask = fleetAsk(faults);
  let run: TestbenchRun;
  beforeAll(async () => {
    const { id } = await service.ask(ask, tester);
    await queueOf().turn();
    run = await runOf(id);
  }, RUN_TIMEOUT_MS);

  it('comes to its end and leaves no database behind', async () => {
    expect([run.state, run.failure]).toEqual(['done', null]);
    expect(run.programVersion).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
    expect(await leftDatabases()).toEqual([]);
  });

  it('finds exactly what the silent gateway never told, and nothing where the energy was really lost', async () => {
    const truth = await truthOf(faults);
    const dayIndex = dayIndexOf(DAY);
    const trueWh = truth.plant.stations.map((station) => truth.stationDayWh(station, dayIndex));
    const counted = await countedBeforeWh(one.code, Date.parse(FROM), faults);
    expect(run.result?.rows.map(({ truthWh, storedWh, verdict }) => [truthWh, storedWh, verdict])).toEqual([
      [trueWh[0], counted, 'less'],
      [trueWh[1], trueWh[1], 'same'],
    ]);
    const [first, second] = run.result?.rows ?? [];
    expect(first?.differenceWh).toBe(counted - (trueWh[0] ?? 0));
    expect([second?.differenceWh, second?.differenceFen]).toEqual([0, '0']);
    expect(run.summary).toMatchObject({ stationDays: 2, differing: 1, differenceWh: first?.differenceWh });
    const outage = run.result?.events.find(({ kind }) => kind === 'outage');
    expect(outage?.lostWh).toBeGreaterThan(0);
  });

  it('values the difference at the prices of the station, of the two amounts as they are shown', () => {
    for (const row of run.result?.rows ?? [])
      expect(BigInt(row.differenceFen ?? 'x')).toBe(
        BigInt(row.storedFen ?? 'x') - BigInt(row.truthFen ?? 'x'),
      );
    expect(BigInt(run.summary?.differenceFen ?? '0')).toBeLessThan(0n);
  });

  it('has a gap and no zeros where nothing came', () => {
    const curve = run.result?.curves.find(({ station }) => station === one.code);
    const noon = 12 * 4;
    expect(curve?.storedWh.slice(noon).every((energyWh) => energyWh === null)).toBe(true);
    expect(curve?.storedWh.slice(0, noon - 1).every((energyWh) => energyWh !== null)).toBe(true);
    expect(curve?.truthWh?.[noon]).toBeGreaterThan(0);
  });

  it('gives the same result when it is replayed', async () => {
    const { id } = await service.replay(run.id, randomUUID(), tester);
    await queueOf().turn();
    const again = await runOf(id);
    expect([again.replayOfId, again.resultHash]).toEqual([run.id, run.resultHash]);
    expect((await runOf(run.id)).replays).toEqual([{ id, resultHash: run.resultHash, state: 'done' }]);
  });

  it('is one run however often it is sent, and refuses another under the same key', async () => {
    const sent = await Promise.all([service.ask(ask, tester), service.ask(ask, tester)]);
    expect(sent.map(({ id }) => id)).toEqual([run.id, run.id]);
    await expect(service.ask({ ...ask, name: '另一个' }, tester)).rejects.toMatchObject({
      code: 'testbench.key_reused',
    });
  });

  it('is written as a table that a spreadsheet takes', () => {
    if (!run.result) throw new Error('the run has no result');
    const [heading, first] = resultCsv(run.result).split('\r\n');
    expect(heading?.startsWith('\uFEFF电站,日期,真值_Wh')).toBe(true);
    expect(first).toMatch(
      new RegExp(`^${one.code},${DAY},\\d+,\\d+,,-\\d+,\\d+\\.\\d\\d,\\d+\\.\\d\\d,-\\d+\\.\\d\\d,`),
    );
  });
});

describe('a run of a day on which a gateway is not whole', { timeout: RUN_TIMEOUT_MS }, () => {
  it('has everything in the end that can be had: late, dropped, doubled and contradicted', async () => {
    const from = `${DAY}T09:00:00+08:00`;
    const to = `${DAY}T15:00:00+08:00`;
    const { id } = await service.ask(
      fleetAsk([
        { kind: 'late_backlog', station: one.code, from, to },
        { kind: 'lost_messages', station: two.code, from, to, share: 0.3 },
        { kind: 'duplicate', station: two.code, from, to },
        { kind: 'conflict', station: two.code, from, to, share: 0.1 },
        { kind: 'garbage', station: one.code, from, to },
      ]),
      tester,
    );
    await queueOf().turn();
    const run = await runOf(id);
    expect(run.result?.rows.map(({ verdict, quality }) => [verdict, quality])).toEqual([
      ['same', 'measured'],
      ['same', 'measured'],
    ]);
    const reasons = new Map(run.result?.quarantine.map(({ reason, messages }) => [reason, messages]));
    expect(reasons.get('unparsable')).toBe(6);
  });
});

describe('a run of a scenario file', { timeout: RUN_TIMEOUT_MS }, () => {
  const fileAsk = (text: string): TestbenchAsk => ({
    actionKey: randomUUID(),
    name: '文件',
    parameters: { kind: 'file', text },
  });

  it('holds what was stored against what the file expects', async () => {
    const text = await readFile(join(projectRoot(), 'test/scenario/cases/CNT-02-wobble.json'), 'utf8');
    const { id } = await service.ask(fileAsk(text), tester);
    await queueOf().turn();
    const run = await runOf(id);
    expect(run.summary).toMatchObject({ pass: true, truthWh: 200, storedWh: 200, differenceWh: 0 });
    expect(run.result?.rows).toMatchObject([{ station: 'ST001', day: '2025-02-20', verdict: 'same' }]);
  });

  it('says what is wrong with a file by its place', async () => {
    const { id } = await service.ask(
      fileAsk('{"name":"x","stations":[],"steps":[{"kill":"server"}]}'),
      tester,
    );
    await queueOf().turn();
    const run = await runOf(id);
    expect(run.state).toBe('failed');
    expect(run.failure?.code).toBe('unusable');
    expect(run.failure?.faults.map(({ place }) => place)).toContain('steps[0].kill');
  });
});

describe('the queue', { timeout: RUN_TIMEOUT_MS }, () => {
  it('plays one at a time, in the order in which they were asked for, whoever takes them', async () => {
    const ids = [];
    for (const name of ['甲', '乙', '丙']) ids.push((await service.ask(fleetAsk([], name), tester)).id);
    expect((await Promise.all(ids.map(runOf))).map(({ queuePosition }) => queuePosition)).toEqual([1, 2, 3]);
    const program = await standIn(ENDS);
    await Promise.all([queueOf({ program }).turn(), queueOf({ program }).turn()]);
    const runs = await Promise.all(ids.map(runOf));
    expect(runs.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    for (const [index, run] of runs.entries()) {
      const before = runs[index - 1];
      if (before)
        expect(Date.parse(run.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before.endedAt ?? ''));
    }
  });

  it('forgets a run that is taken back while it waits', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    expect((await service.cancel(id, tester)).state).toBe('cancelled');
    await queueOf({ program: await standIn(ENDS) }).turn();
    expect((await runOf(id)).startedAt).toBeNull();
    await expect(service.cancel(id, tester)).rejects.toMatchObject({ code: 'testbench.is_over' });
  });

  it('ends a run that is taken back while it runs, with its database', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    const turn = queueOf({ program: await standIn(HANGS) }).turn();
    await untilState(id, 'running');
    expect((await service.cancel(id, tester)).isCancelAsked).toBe(true);
    await turn;
    expect((await runOf(id)).state).toBe('cancelled');
    expect(await leftDatabases()).toEqual([]);
  });

  it('ends a run that hangs when its time is over', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    await queueOf({ program: await standIn(HANGS), timeLimitMs: 500 }).turn();
    expect((await runOf(id)).failure?.code).toBe('timed_out');
    expect(await leftDatabases()).toEqual([]);
  });

  it('keeps the last words of a program that crashes, and goes on with the next', async () => {
    const crashing = await service.ask(fleetAsk([]), tester);
    await queueOf({ program: await standIn(`console.error('out of luck'); process.exit(3);`) }).turn();
    expect((await runOf(crashing.id)).failure).toMatchObject({ code: 'crashed' });
    expect((await runOf(crashing.id)).failure?.detail).toContain('out of luck');
    const next = await service.ask(fleetAsk([]), tester);
    await queueOf({ program: await standIn(ENDS) }).turn();
    expect((await runOf(next.id)).state).toBe('done');
  });

  it('survives a program that is killed', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    await queueOf({ program: await standIn(`process.kill(process.pid, 'SIGKILL');`) }).turn();
    expect((await runOf(id)).failure?.detail).toContain('SIGKILL');
    expect(await leftDatabases()).toEqual([]);
  });

  it('puts a run back that is stopped with its worker', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    const queue = queueOf({ program: await standIn(HANGS) });
    const turn = queue.turn();
    await untilState(id, 'running');
    await queue.beforeApplicationShutdown();
    await turn;
    expect(await runOf(id)).toMatchObject({ state: 'queued', startedAt: null, queuePosition: 1 });
    await service.cancel(id, tester);
  });

  it('says that a run was abandoned by a worker that is gone', async () => {
    const { id } = await service.ask(fleetAsk([]), tester);
    await database.query(sql`
      update testbench_run set state = 'running', started_at = now() where id = ${id}::uuid`);
    await queueOf({ program: await standIn(ENDS) }).turn();
    expect((await runOf(id)).failure?.code).toBe('abandoned');
  });

  it('says which right is missing where the user may make no database', async () => {
    const user = `plain_${randomUUID().replaceAll('-', '')}`;
    await database.query(sql`create role ${raw(user)} login password 'secret'`);
    const { id } = await service.ask(fleetAsk([]), tester);
    const plainUrl = new URL(url);
    plainUrl.username = user;
    plainUrl.password = 'secret';
    await queueOf({ program: await standIn(ENDS) }, plainUrl.href).turn();
    const { failure } = await runOf(id);
    expect(failure?.code).toBe('no_database_right');
    expect(failure?.detail).toContain(`alter role "${user}" createdb`);
    await database.query(sql`drop role ${raw(user)}`);
  });
});

describe('what may be asked for', () => {
  it('is stations that are there, with devices that they have', async () => {
    const ask = fleetAsk([
      { kind: 'counter_reset', station: one.code, device: 'M99', from: `${DAY}T12:00:00+08:00` },
    ]);
    await expect(service.ask(ask, tester)).rejects.toMatchObject({ code: 'testbench.unknown_device' });
    const unknown = fleetAsk([]);
    if (unknown.parameters.kind === 'fleet') unknown.parameters.stations = ['NO-1'];
    await expect(service.ask(unknown, tester)).rejects.toMatchObject({ code: 'testbench.unknown_station' });
  });

  it('is stations of one’s own area, and runs of other areas are not seen', async () => {
    const county = fleet.stranger.townshipCode.slice(0, 6);
    const stranger = { ...tester, area: [county] };
    await expect(service.ask(fleetAsk([]), stranger)).rejects.toMatchObject({ code: 'access.outside_area' });
    const { id } = await service.ask(fleetAsk([]), tester);
    await expect(service.get(id, stranger)).rejects.toMatchObject({ code: 'testbench.unknown_run' });
    expect((await service.list({ page: 1 }, stranger)).items.map((run) => run.id)).not.toContain(id);
    await service.cancel(id, tester);
  });

  it('is at most so many station-days', () => {
    const tooLarge = {
      ...fleetAsk([]),
      parameters: { ...fleetAsk([]).parameters, days: TESTBENCH_LIMITS.days, stations: manyCodes() },
    };
    expect(testbenchAskSchema.safeParse(tooLarge).success).toBe(false);
  });
});

const manyCodes = () => Array.from({ length: TESTBENCH_LIMITS.stations }, (_, index) => `S${index}`);
