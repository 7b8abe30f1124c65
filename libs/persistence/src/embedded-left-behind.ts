import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const POLL_MS = 100;
/** A fast shutdown writes a checkpoint first. */
const FAST_STOP_TIMEOUT_MS = 20_000;
/** An immediate one writes nothing. */
const IMMEDIATE_STOP_TIMEOUT_MS = 5000;

const execFileAsync = promisify(execFile);

/**
 * The server outlives a program that was killed. It is stopped; whoever calls is the only one to use the folder.
 *
 * The lock file names a process: ours when it is a PostgreSQL that was started with just this folder. A stranger that
 * has the number by now is left alone, and the file, which would keep PostgreSQL from starting, is removed. The file of
 * a process that is gone stays: PostgreSQL itself looks whether workers of the dead server still write.
 * @throws Error where the server does not stop.
 */
export async function stopLeftBehind(dataDir: string): Promise<void> {
  const lock = join(dataDir, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => null);
  if (text === null) return;
  const pid = Number(text.split('\n')[0]);
  // Zero and negative numbers mean groups of processes to `kill`.
  const isProcess = Number.isSafeInteger(pid) && pid > 1;
  if (isProcess && !isAlive(pid)) return;
  if (!isProcess || !(await serves(pid, dataDir))) {
    await rm(lock, { force: true });
    return;
  }
  if (await isGoneAfter({ pid, dataDir, signal: 'SIGINT', timeoutMs: FAST_STOP_TIMEOUT_MS })) return;
  if (await isGoneAfter({ pid, dataDir, signal: 'SIGQUIT', timeoutMs: IMMEDIATE_STOP_TIMEOUT_MS })) return;
  throw new Error(`the database server ${pid} that an earlier run left in ${dataDir} does not stop`);
}

async function isGoneAfter(options: {
  pid: number;
  dataDir: string;
  signal: NodeJS.Signals;
  timeoutMs: number;
}): Promise<boolean> {
  const { pid, dataDir, signal, timeoutMs } = options;
  process.kill(pid, signal);
  const untilMs = Date.now() + timeoutMs;
  while (isAlive(pid) && (await serves(pid, dataDir))) {
    if (Date.now() > untilMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True for a PostgreSQL server that was started as we start it: `postgres -D <dataDir>`. */
async function serves(pid: number, dataDir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const at = words.indexOf('-D');
    return basename(words[0] ?? '') === 'postgres' && at > 0 && words[at + 1] === dataDir;
  }
  try {
    const { stdout } = await execFileAsync('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.includes(`postgres -D ${dataDir} -p `);
  } catch {
    // No such process, or no `ps`: nothing that could be called ours.
    return false;
  }
}
