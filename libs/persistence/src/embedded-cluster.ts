import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lchown, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists, identity, isRoot, NOBODY, type Binaries } from './embedded-place.ts';

/** The only account of the cluster. */
export const SUPERUSER = 'sunledger';
/** Inside the cluster's folder (0700): cluster and password come and go together. */
const PASSWORD_FILE = 'sunledger.password';
const PASSWORD_BYTES = 24;
/** It takes two seconds; a disk that needs this long will not carry a database. */
const INITDB_TIMEOUT_MS = 120_000;

const execFileAsync = promisify(execFile);

/**
 * Makes the cluster unless it is there. A cluster that is being made has another name, so that half a one is never
 * taken for a whole one.
 * @returns the password of {@link SUPERUSER}.
 * @throws Error with the first line of what initdb says.
 */
export async function ensureCluster(options: {
  binaries: Binaries;
  dataDir: string;
  signal: AbortSignal | undefined;
}): Promise<string> {
  const { binaries, dataDir, signal } = options;
  if (await exists(join(dataDir, 'PG_VERSION'))) return readPassword(dataDir);
  const fresh = `${dataDir}.new`;
  const passwordFile = `${dataDir}.new.password`;
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const clear = async () => {
    await rm(fresh, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  };
  try {
    await clear();
    await mkdir(fresh, { mode: 0o700 });
    await writeFile(passwordFile, password, { flag: 'wx', mode: 0o600 });
    if (isRoot()) for (const path of [fresh, passwordFile]) await lchown(path, NOBODY, NOBODY);
    await initdb({ binary: binaries.initdb, folder: fresh, passwordFile, signal });
    await rename(passwordFile, join(fresh, PASSWORD_FILE));
    await rename(fresh, dataDir);
  } catch (cause) {
    await clear();
    throw new Error(`a database could not be made in ${dataDir}: ${reasonOf(cause)}`, { cause });
  }
  return password;
}

async function initdb(options: {
  binary: string;
  folder: string;
  passwordFile: string;
  signal: AbortSignal | undefined;
}): Promise<void> {
  const { binary, folder, passwordFile, signal } = options;
  signal?.throwIfAborted();
  const running = execFileAsync(
    binary,
    [
      '-D',
      folder,
      '-U',
      SUPERUSER,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...identity(), cwd: '/', timeout: INITDB_TIMEOUT_MS },
  );
  // Not the `signal` of execFile: that one does not wait until the program is gone.
  const end = () => running.child.kill('SIGTERM');
  signal?.addEventListener('abort', end);
  try {
    await running;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/** @throws Error where the cluster has no password file. */
async function readPassword(dataDir: string): Promise<string> {
  const path = join(dataDir, PASSWORD_FILE);
  try {
    // The folder belongs to the user of the server; root must not be led elsewhere by a link in it.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return (await file.readFile('utf8')).trim();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new Error(
      `the password of the database in ${dataDir} cannot be read (${PASSWORD_FILE}, ${reasonOf(cause)}); ` +
        'put the file back, or remove the folder to begin anew',
      { cause },
    );
  }
}

/** First line that says what went wrong. */
function reasonOf(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const message = error instanceof Error ? error.message : String(error);
  return lines.find((line) => /error|fatal/i.test(line)) ?? lines[0] ?? message.split('\n')[0] ?? message;
}
