import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database, sql } from './database.ts';
import { ensureRootFolder, requireFolderOf } from './embedded-place.ts';
import { EmbeddedServer, type EmbeddedServerOptions } from './embedded-server.ts';

const settings = { fsync: 'off', shared_buffers: '16MB' };
let folder: string;
const servers: EmbeddedServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sunledger-embedded-'));
  // For root the server runs as another user, who has to get through.
  await chmod(folder, 0o711);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(options: Partial<EmbeddedServerOptions> = {}): Promise<EmbeddedServer> {
  const server = await EmbeddedServer.start({ dataDir: join(folder, 'postgres'), settings, ...options });
  servers.push(server);
  return server;
}

async function ask(url: string): Promise<unknown> {
  const database = Database.connect({ url, applicationName: 'test', poolMax: 1 });
  try {
    return await database.query(sql`select 1 as one`);
  } finally {
    await database.close();
  }
}

/** Servers that were started with a folder below this test's. */
async function serversLeft(): Promise<string[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')),
  );
  return commands.filter((command) => command.includes('postgres') && command.includes(folder));
}

describe('embedded server', () => {
  it('lets nobody in without the password, which only its own user can read', async () => {
    const server = await start();
    expect(await ask(server.url('postgres'))).toEqual([{ one: 1 }]);
    const without = new URL(server.url('postgres'));
    without.password = '';
    await expect(ask(without.href)).rejects.toThrow(/password/);
    without.password = 'guess';
    await expect(ask(without.href)).rejects.toThrow('password authentication failed');
    const { mode } = await stat(join(server.dataDir, 'sunledger.password'));
    expect(mode & 0o777).toBe(0o600);
    expect((await lstat(server.dataDir)).mode & 0o077).toBe(0);
  });

  it('starts again with the data and the password that it had', async () => {
    const first = await start();
    const database = Database.connect({ url: first.url('postgres'), applicationName: 'test', poolMax: 1 });
    await database.query(sql`create table if not exists kept (id int)`);
    await database.close();
    await first.stop();
    const second = await start();
    expect(new URL(second.url()).password).toBe(new URL(first.url()).password);
    const again = Database.connect({ url: second.url('postgres'), applicationName: 'test', poolMax: 1 });
    expect(await again.query(sql`select * from kept`)).toEqual([]);
    await again.close();
  });

  it('stops the server that an earlier run left in the folder', async () => {
    const left = await start();
    const next = await start();
    expect(await ask(next.url('postgres'))).toEqual([{ one: 1 }]);
    await expect(ask(left.url('postgres'))).rejects.toThrow('ECONNREFUSED');
  });

  it('does not touch a stranger whose number is in the lock file', async () => {
    const { dataDir } = await start();
    for (const server of servers.splice(0)) await server.stop();
    // It looks like a PostgreSQL server, of another folder.
    const stranger = spawn(
      process.execPath,
      ['--eval', 'setInterval(() => undefined, 1000)', '--', '-D', `${dataDir}-other`, 'postgres'],
      { stdio: 'ignore', argv0: '/usr/bin/postgres' },
    );
    await once(stranger, 'spawn');
    await writeFile(join(dataDir, 'postmaster.pid'), `${stranger.pid}\n${dataDir}\n`);
    const server = await start();
    expect(await ask(server.url('postgres'))).toEqual([{ one: 1 }]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('does not signal groups of processes that a damaged lock file names', async () => {
    const { dataDir } = await start();
    for (const server of servers.splice(0)) await server.stop();
    for (const damaged of ['-1\n', '0\n', '', 'x']) {
      await writeFile(join(dataDir, 'postmaster.pid'), damaged);
      const server = await start();
      expect(await ask(server.url('postgres'))).toEqual([{ one: 1 }]);
      await server.stop();
    }
  });

  it('leaves nothing running where its start is given up, at any time', async () => {
    for (const afterMs of [0, 50, 150, 400, 800]) {
      const stop = new AbortController();
      const starting = EmbeddedServer.start({
        dataDir: join(folder, `given-up-${afterMs}`, 'postgres'),
        settings,
        signal: stop.signal,
      });
      // Also where it came up before it was given up.
      const settled = starting.then(
        (server) => server.stop(),
        () => undefined,
      );
      await delay(afterMs);
      stop.abort();
      await settled;
      expect(await serversLeft()).toEqual([]);
    }
  });

  it('gives a start up in the middle of the launch', async () => {
    const stop = new AbortController();
    const starting = start({ signal: stop.signal, onLog: () => stop.abort() });
    await expect(starting).rejects.toThrow('given up');
    expect(await serversLeft()).toEqual([]);
  });

  it('says so when it ends by itself, and starts again on the same port', async () => {
    const onEnded = vi.fn();
    const server = await start({ onEnded });
    process.kill(Number(server.pid), 'SIGQUIT');
    await vi.waitFor(() => expect(onEnded).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    await server.restart();
    expect(await ask(server.url('postgres'))).toEqual([{ one: 1 }]);
    await server.stop();
    expect(onEnded).toHaveBeenCalledTimes(1);
    await expect(server.restart()).rejects.toThrow('was stopped');
  });

  it('says what initdb says where no database can be made', async () => {
    const dataDir = join(folder, 'occupied');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'letter.txt'), '');
    await expect(EmbeddedServer.start({ dataDir, settings })).rejects.toThrow(
      /a database could not be made in .*occupied: .*not empty/,
    );
    expect(await readdir(dataDir)).toEqual(['letter.txt']);
  });

  it('says which file is missing where the password is gone', async () => {
    const { dataDir } = await start({ dataDir: join(folder, 'forgotten') });
    for (const server of servers.splice(0)) await server.stop();
    await rm(join(dataDir, 'sunledger.password'));
    await expect(EmbeddedServer.start({ dataDir, settings })).rejects.toThrow(
      /sunledger\.password.*begin anew/,
    );
  });
});

describe('folders whose names can be foreseen', () => {
  const uid = process.getuid?.() ?? 0;

  it('takes a folder of its user that nobody else may write to', async () => {
    const own = join(folder, 'own');
    await mkdir(own, { mode: 0o755 });
    await expect(requireFolderOf(own, [uid])).resolves.toBeUndefined();
  });

  it('refuses what somebody else may have put there', async () => {
    const target = join(folder, 'target');
    await mkdir(target, { mode: 0o755 });
    await symlink(target, join(folder, 'link'));
    await expect(requireFolderOf(join(folder, 'link'), [uid])).rejects.toThrow('symbolic link');
    await expect(requireFolderOf(target, [uid + 1])).rejects.toThrow(`belongs to user ${uid}`);
    await chmod(target, 0o777);
    await expect(requireFolderOf(target, [uid])).rejects.toThrow('written to by others');
    await writeFile(join(folder, 'file'), '');
    await expect(requireFolderOf(join(folder, 'file'), [uid])).rejects.toThrow('not a folder');
  });

  it.runIf(uid === 0)('lets others only pass through the folder of root', async () => {
    const path = join(folder, 'root');
    await ensureRootFolder(path);
    await ensureRootFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o711);
    await chmod(path, 0o777);
    await expect(ensureRootFolder(path)).rejects.toThrow('written to by others');
  });
});
