import { spawn, type ChildProcess } from 'node:child_process';
import type { TestbenchFailure, TestbenchResult } from '#contracts';
import { reportSchema, type TestbenchJob, type TestbenchReport } from './protocol.ts';

/**
 * One run in a process of its own, so that its crash, its hang or its hunger for memory harms nobody else.
 *
 *   started → reports its progress → ends with a result, with faults, or with nothing (crashed)
 *           → is told to stop (cancelled, stopped) or takes too long (timed out) → ends, or is killed
 */
export type ProcessEnd =
  | { kind: 'result'; result: TestbenchResult }
  | { kind: 'failure'; failure: TestbenchFailure }
  | { kind: 'stopped' };

export interface ProcessParts {
  /** The bundle of `apps/testbench`. */
  program: string;
  job: TestbenchJob;
  timeLimitMs: number;
  onProgress: (progress: { phase: string; done: number; total: number }) => void;
  /** Aborted where the run is taken back. */
  signal: AbortSignal;
}

/** Bytes of its last words that are kept. */
const WORDS_MAX = 4000;
/** A server of its own wants a checkpoint before it stops. */
const STOP_LIMIT_MS = 15_000;
const MEMORY_MB = 1024;

export async function runProcess(parts: ProcessParts): Promise<ProcessEnd> {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', `--max-old-space-size=${MEMORY_MB}`, parts.program],
    // A group of its own: what it has started goes with it. It needs nothing of this program's settings.
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true, env: plainEnvironment() },
  );
  const exited = exitOf(child);
  const words = wordsOf(child);
  let last: TestbenchReport | undefined;
  child.on('message', (message) => {
    const report = reportSchema.parse(message);
    if (report.type === 'progress') parts.onProgress(report);
    else last = report;
  });
  let isLate = false;
  const stop = () => void stopChild(child, exited);
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, parts.timeLimitMs);
  parts.signal.addEventListener('abort', stop, { once: true });
  if (parts.signal.aborted) stop();
  child.send(parts.job, () => undefined);
  const how = await exited;
  clearTimeout(timer);
  parts.signal.removeEventListener('abort', stop);
  killGroup(child);
  if (last?.type === 'result') return { kind: 'result', result: last.result };
  if (parts.signal.aborted) return { kind: 'stopped' };
  return { kind: 'failure', failure: failureOf({ last, isLate, how, words: words() }) };
}

function failureOf(facts: {
  last: TestbenchReport | undefined;
  isLate: boolean;
  how: string;
  words: string;
}): TestbenchFailure {
  const { last, isLate, how, words } = facts;
  if (last?.type === 'unusable') return { code: 'unusable', detail: '', faults: last.faults };
  if (isLate) return { code: 'timed_out', detail: '', faults: [] };
  return {
    code: 'crashed',
    detail: last?.type === 'failed' ? last.message : `${how}\n${words}`.trim(),
    faults: [],
  };
}

function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return { PATH, HOME, TMPDIR, LANG, NODE_ENV: 'production' };
}

/** Resolves with how it ended; also where it could not be started at all. */
function exitOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, signal) => {
    const how = signal ? `killed by ${signal}` : `ended with ${code}`;
    // Its last report may still be on the way.
    if (child.connected) child.once('disconnect', () => resolve(how));
    else resolve(how);
  });
  return promise;
}

function wordsOf(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-WORDS_MAX);
  });
  return () => words;
}

async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

/** Ends whatever is left of the run: its ingest, its broker, a server of its own. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in the group.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
