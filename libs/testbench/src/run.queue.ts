import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { testbenchParametersSchema, TESTBENCH_LIMITS, type TestbenchFailure } from '#contracts';
import { Database, ProgramLock } from '#persistence';
import {
  Clock,
  ENVIRONMENT,
  LOGGER,
  projectRoot,
  requireDatabaseUrl,
  type Environment,
  type Logger,
} from '#platform';
import { resultHashOf, worldSchema } from './protocol.ts';
import { runProcess, type ProcessEnd } from './run-process.ts';
import {
  claimNext,
  endRun,
  failAbandoned,
  hasWork,
  keepProgress,
  type ClaimedRun,
  type RunEnd,
} from './run.repository.ts';
import { NoDatabaseRight, ThrowAwayDatabases } from './throw-away-database.ts';

/**
 * Plays the runs that wait, one at a time in the whole installation: whoever has the lock takes them.
 *
 *   waits → claimed → database made → process → result kept → database dropped
 *                        any way out of it ends the run with its reason and drops the database
 */
export interface QueueSettings {
  /** The bundle of `apps/testbench`. */
  program: string;
  timeLimitMs: number;
}
/** Another program or limit than the usual, for tests. */
const TESTBENCH_QUEUE_SETTINGS = Symbol('TESTBENCH_QUEUE_SETTINGS');

const packageSchema = z.object({ version: z.string() });
const LOCK = 'testbench';
/** How often a run is asked whether it is taken back, and its progress kept. */
const LOOK_EVERY_MS = 500;

const usualSettings = (): QueueSettings => ({
  program: join(projectRoot(), 'dist/apps/testbench/main.js'),
  timeLimitMs: TESTBENCH_LIMITS.minutes * 60_000,
});

@Injectable()
export class TestbenchQueue implements BeforeApplicationShutdown {
  private readonly url: string;
  private readonly databases: ThrowAwayDatabases;
  private readonly stopping = new AbortController();
  private readonly settings: QueueSettings;
  private atWork: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ENVIRONMENT) environment: Environment,
    @Optional() @Inject(TESTBENCH_QUEUE_SETTINGS) settings?: QueueSettings,
  ) {
    this.url = requireDatabaseUrl(environment);
    this.databases = new ThrowAwayDatabases(this.url);
    this.settings = settings ?? usualSettings();
  }

  /** Plays what waits, to the last; returns at once where nothing does, or another worker is at it. */
  turn(): Promise<void> {
    this.atWork = this.work();
    return this.atWork;
  }

  /** A run that is stopped with its worker waits again. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.atWork.catch(() => undefined);
  }

  private async work(): Promise<void> {
    if (this.stopping.signal.aborted || !(await hasWork(this.database))) return;
    const lost = new AbortController();
    const lock = await ProgramLock.take({ url: this.url, name: LOCK, waitMs: 0, onLost: () => lost.abort() });
    if (lock === null) return;
    try {
      await this.sweep();
      while (!this.stopping.signal.aborted && !lost.signal.aborted) {
        const run = await claimNext(this.database, {
          at: this.clock.realNow(),
          programVersion: await versionOf(this.settings.program),
        });
        if (run === null) return;
        await this.play(run, lost.signal);
      }
    } finally {
      await lock.release();
    }
  }

  /** Whoever has the lock is the only one: what runs now is of a worker that is gone. */
  private async sweep(): Promise<void> {
    const failure: TestbenchFailure = { code: 'abandoned', detail: '', faults: [] };
    const left = await failAbandoned(this.database, { at: this.clock.realNow(), failure });
    if (left.length > 0) this.logger.warn({ runs: left }, 'testbench.abandoned');
    await this.databases.dropAll();
  }

  private async play(run: ClaimedRun, lost: AbortSignal): Promise<void> {
    const { id } = run;
    const startedAtMs = performance.now();
    let end: RunEnd;
    try {
      end = await this.endOf(run, lost);
    } catch (error) {
      if (error instanceof NoDatabaseRight) this.logger.warn({ run: id }, 'testbench.no_database_right');
      else this.logger.error({ err: error, run: id }, 'testbench.failed');
      end = { state: 'failed', failure: failureOf(error) };
    }
    await endRun(this.database, id, end, this.clock.realNow());
    const tookMs = Math.round(performance.now() - startedAtMs);
    this.logger.info({ run: id, state: end.state, tookMs }, 'testbench.ended');
  }

  private async endOf(run: ClaimedRun, lost: AbortSignal): Promise<RunEnd> {
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-testbench-'));
    try {
      const databaseUrl = await this.databases.create(run.id);
      const cancel = new AbortController();
      const signal = AbortSignal.any([cancel.signal, this.stopping.signal, lost]);
      const watch = new Watch(this.database, run.id, cancel);
      try {
        const end = await runProcess({
          program: this.settings.program,
          timeLimitMs: this.settings.timeLimitMs,
          job: {
            parameters: testbenchParametersSchema.parse(JSON.parse(run.parameters)),
            world: worldSchema.parse(JSON.parse(run.world)),
            databaseUrl,
            folder,
          },
          onProgress: (progress) => watch.note(progress),
          signal,
        });
        return endFrom(end, cancel.signal.aborted);
      } finally {
        await watch.stop();
      }
    } finally {
      await this.databases.drop(run.id);
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** A run that was not taken back by anybody was stopped with its worker: it waits again. */
function endFrom(end: ProcessEnd, isCancelled: boolean): RunEnd {
  switch (end.kind) {
    case 'result': {
      const { result } = end;
      return {
        state: 'done',
        summary: result.summary,
        result: JSON.stringify(result),
        resultHash: resultHashOf(result),
      };
    }
    case 'failure':
      return { state: 'failed', failure: end.failure };
    case 'stopped':
      return { state: isCancelled ? 'cancelled' : 'queued' };
  }
}

function failureOf(error: unknown): TestbenchFailure {
  const detail = error instanceof Error ? error.message : String(error);
  return { code: error instanceof NoDatabaseRight ? 'no_database_right' : 'crashed', detail, faults: [] };
}

/** Keeps the progress of a run and looks whether somebody wants it back. */
class Watch {
  private progress: { phase: string; done: number; total: number } | null = null;
  private readonly stopped = new AbortController();
  private readonly looking: Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly id: string,
    private readonly cancel: AbortController,
  ) {
    this.looking = this.look();
  }

  note(progress: { phase: string; done: number; total: number }): void {
    this.progress = progress;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.looking;
  }

  private async look(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      // A database that is away for a moment is asked again at the next look.
      const isWanted = await keepProgress(this.database, this.id, this.progress).catch(() => false);
      if (isWanted) this.cancel.abort();
      await delay(LOOK_EVERY_MS, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }
}

/** Version of the product and the first digits of its program's hash: another program may give other numbers. */
async function versionOf(program: string): Promise<string> {
  const bytes = await readFile(program).catch(() => null);
  const { version } = packageSchema.parse(
    JSON.parse(await readFile(join(projectRoot(), 'package.json'), 'utf8')),
  );
  return bytes === null
    ? version
    : `${version}+${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}
