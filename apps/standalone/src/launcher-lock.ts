import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * The file `lock` of the data folder: one launcher at a time. It names the process and when that was started, because
 * the numbers of processes are used again.
 *
 *   free --take--> ours --release--> free
 *   left by a dead launcher --take--> ours
 */
const execFileAsync = promisify(execFile);
/** Position of the start time in /proc/<pid>/stat behind the name, which may hold spaces (proc_pid_stat(5), field 22). */
const START_TIME_AFTER_NAME = 19;

export class LauncherLock {
  private readonly path: string;
  private content: string | null = null;

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, 'lock');
  }

  /**
   * @returns whether a launcher that was killed had left its lock: its programs may still be ending.
   * @throws Error where another launcher lives.
   */
  async take(): Promise<{ wasLeft: boolean }> {
    const content = `${process.pid}\n${await startedAt(process.pid)}\n`;
    if (await this.write(content)) return { wasLeft: false };
    const found = await readFile(this.path, 'utf8').catch(() => '');
    const [pid = '', foundStartedAt = ''] = found.split('\n');
    if (/^[1-9]\d*$/.test(pid) && (await isRunning(Number(pid), foundStartedAt))) throw this.taken(pid);
    await this.removeLeft(found);
    if (!(await this.write(content))) throw this.taken('that started at the same time');
    return { wasLeft: true };
  }

  /** Frees the folder where it is ours. */
  async release(): Promise<void> {
    if (this.content === null) return;
    const found = await readFile(this.path, 'utf8').catch(() => null);
    if (found === this.content) await rm(this.path, { force: true });
    this.content = null;
  }

  /** False where there is a lock. The file appears with its content at once. */
  private async write(content: string): Promise<boolean> {
    const draft = `${this.path}.${randomUUID()}`;
    await writeFile(draft, content, { flag: 'wx' });
    try {
      await link(draft, this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
    this.content = content;
    return true;
  }

  /** Another start may have taken the place of the dead one since we looked: then its lock goes back. */
  private async removeLeft(left: string): Promise<void> {
    const aside = `${this.path}.${randomUUID()}`;
    await rename(this.path, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const moved = await readFile(aside, 'utf8').catch(() => null);
    if (moved !== null && moved !== left) await link(aside, this.path).catch(() => undefined);
    await rm(aside, { force: true });
  }

  private taken(pid: string): Error {
    return new Error(
      `already running in ${this.dataDir} (process ${pid}); stop it, or set PV_DATA_DIR to another folder`,
    );
  }
}

async function isRunning(pid: number, processStartedAt: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return (await startedAt(pid)) === processStartedAt;
}

/** When a process was started, in words of the system; empty where it does not say. */
async function startedAt(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_AFTER_NAME] ?? '';
  }
  const { stdout } = await execFileAsync('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim();
}
