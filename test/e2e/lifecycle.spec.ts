import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sql } from '#persistence';
import { projectRoot } from '#platform';
import { Standalone } from '#test-support';

const TEST_TIMEOUT_MS = 120_000;
/** A launcher that is killed leaves its programs no longer than this. */
const ORPHANS_GONE_MS = 10_000;
/** util-linux; gives a program a terminal of its own. */
const SCRIPT = '/usr/bin/script';
const CTRL_C = '\u0003';

/** As `npm start` runs it once everything is built. */
const launcher = [
  process.execPath,
  '--input-type=module',
  '--eval',
  `import { supervise } from ${JSON.stringify(join(projectRoot(), 'tools/project.mjs'))};
   process.exit(await supervise('standalone', []));`,
];

const apps: Standalone[] = [];
async function create(settings: Record<string, string> = {}): Promise<Standalone> {
  const app = await Standalone.create({ PV_SIMULATOR: 'off', ...settings });
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.remove();
}, TEST_TIMEOUT_MS);

const programs = ['api', 'worker', 'ingest', 'simulator'];

describe('stopping', { timeout: TEST_TIMEOUT_MS }, () => {
  it('stops everything in order when the whole process group is interrupted twice', async () => {
    const app = await create();
    const child = app.launch({ command: launcher });
    await app.line(`ready ${app.url}`);
    expect((await app.processes()).length).toBeGreaterThan(5);
    process.kill(-Number(child.pid), 'SIGINT');
    await delay(50);
    process.kill(-Number(child.pid), 'SIGINT');
    expect(await app.exit()).toBe(0);
    expect(await app.processes()).toEqual([]);
    expect(app.written).not.toContain('did not stop cleanly');
    expect(existsSync(join(app.folder, 'lock'))).toBe(false);
  });

  it.skipIf(!existsSync(SCRIPT))('stops everything on two Ctrl-C in a terminal', async () => {
    const app = await create();
    const quoted = launcher.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const child = app.launch({ command: [SCRIPT, '-qec', `exec ${quoted}`, '/dev/null'] });
    await app.line(`ready ${app.url}`);
    child.stdin?.write(CTRL_C);
    await delay(50);
    child.stdin?.write(CTRL_C);
    expect(await app.exit()).toBe(0);
    await vi.waitFor(async () => expect(await app.processes()).toEqual([]), { timeout: 2000 });
  });

  it('leaves no database behind when it is interrupted while that starts', async () => {
    const app = await create();
    for (const afterMs of [100, 400, 700, 1500]) {
      app.launch();
      await delay(afterMs);
      expect([0, null]).toContain(await app.interrupt());
      expect(await app.processes()).toEqual([]);
      expect(app.written).not.toContain('did not stop cleanly');
    }
    await app.start();
    expect(await app.interrupt()).toBe(0);
  });

  it('takes its programs along when it is killed, and its next start the database it left', async () => {
    const app = await create();
    const child = app.launch({ settings: { PV_SIMULATOR: 'on' } });
    await app.line('programs started');
    for (const program of programs)
      await vi.waitFor(
        async () => {
          const log = await readFile(join(app.folder, 'logs', `${program}.log`), 'utf8');
          expect(log).toContain('"program"');
        },
        { timeout: 30_000, interval: 200 },
      );
    const database = await app.databasePid();
    child.kill('SIGKILL');
    await app.exit();
    await vi.waitFor(
      async () => {
        const left = await Promise.all(
          programs.map(async (program) => ((await app.processes(program)).length > 0 ? [program] : [])),
        );
        expect(left.flat()).toEqual([]);
      },
      { timeout: ORPHANS_GONE_MS, interval: 200 },
    );
    await app.start();
    expect(await app.databasePid()).not.toBe(database);
    expect(() => process.kill(database, 0)).toThrow('ESRCH');
    expect(await app.interrupt()).toBe(0);
    expect(await app.processes()).toEqual([]);
  });
});

describe('running', { timeout: TEST_TIMEOUT_MS }, () => {
  it('starts a database that ended by itself again, where the programs find it', async () => {
    const app = await create();
    await app.start();
    process.kill(await app.databasePid(), 'SIGKILL');
    await vi.waitFor(() => expect(app.written).toContain('the database ended by itself'), { timeout: 5000 });
    await vi.waitFor(
      async () => {
        const response = await fetch(`${app.url}/api/health/ready`);
        expect(response.status).toBe(200);
        const database = await app.database();
        expect(await database.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
        await database.close();
      },
      { timeout: 30_000, interval: 500 },
    );
    expect(await app.interrupt()).toBe(0);
    expect(await app.processes()).toEqual([]);
  });

  it('is the only one in its folder, and says which process that is', async () => {
    const app = await create();
    await app.start();
    const second = await Standalone.create({ PV_SIMULATOR: 'off', PV_DATA_DIR: app.folder });
    second.launch();
    expect(await second.exit()).toBe(1);
    expect(second.written).toMatch(/already running in .* \(process \d+\); stop it, or set PV_DATA_DIR/);
    const response = await fetch(`${app.url}/api/health/live`);
    expect(response.status).toBe(200);
    await second.remove();
  });

  it('does not touch the mode of a folder that was there', async () => {
    const app = await create({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    const before = (await stat(app.folder)).mode;
    app.launch();
    expect(await app.exit()).toBe(1);
    expect((await stat(app.folder)).mode).toBe(before);
  });

  it('wants a port each for page and broker', async () => {
    const app = await create({ MQTT_PORT: '3999', PORT: '3999' });
    app.launch();
    expect(await app.exit()).toBe(1);
    expect(app.written).toContain('PORT and MQTT_PORT are both 3999');
  });
});
