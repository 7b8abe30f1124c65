import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LauncherLock } from './launcher-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sunledger-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('launcher lock', () => {
  it('is taken by one at a time, and free again after that', async () => {
    const first = new LauncherLock(folder);
    expect(await first.take()).toEqual({ wasLeft: false });
    const second = new LauncherLock(folder);
    await expect(second.take()).rejects.toThrow(`already running in ${folder} (process ${process.pid})`);
    await second.release();
    await expect(new LauncherLock(folder).take()).rejects.toThrow('set PV_DATA_DIR');
    await first.release();
    expect(await readdir(folder)).toEqual([]);
    expect(await second.take()).toEqual({ wasLeft: false });
  });

  it('is taken over from a launcher that is gone', async () => {
    const gone = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' });
    await once(gone, 'exit');
    await writeFile(join(folder, 'lock'), `${gone.pid}\n12345\n`);
    expect(await new LauncherLock(folder).take()).toEqual({ wasLeft: true });
    expect((await readFile(join(folder, 'lock'), 'utf8')).split('\n')[0]).toBe(String(process.pid));
  });

  it('is taken over where another process has the number by now', async () => {
    const stranger = spawn(process.execPath, ['--eval', 'setInterval(() => undefined, 1000)'], {
      stdio: 'ignore',
    });
    await once(stranger, 'spawn');
    await writeFile(join(folder, 'lock'), `${stranger.pid}\n12345\n`);
    expect(await new LauncherLock(folder).take()).toEqual({ wasLeft: true });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it.each(['', 'x\n', '-1\n\n', '0\n\n'])('is taken over where the file is damaged: %j', async (content) => {
    await writeFile(join(folder, 'lock'), content);
    expect(await new LauncherLock(folder).take()).toEqual({ wasLeft: true });
  });

  it('has one winner among many that start at once over a dead one', async () => {
    await writeFile(join(folder, 'lock'), '');
    const taken = await Promise.allSettled(Array.from({ length: 20 }, () => new LauncherLock(folder).take()));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['lock']);
  });
});
