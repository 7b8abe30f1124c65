import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { projectRoot } from '#platform';

/** Scenarios run on real parts, as `npm run scenario` runs them: real broker, ingest, PostgreSQL and roll-up. */

const CASES = join(projectRoot(), 'test/scenario/cases');
const RUN_TIMEOUT_MS = 15 * 60_000;
const OUTPUT_MAX_BYTES = 256 * 1024 * 1024;

const documentSchema = z.object({
  file: z.string(),
  pass: z.boolean(),
  mismatches: z.array(z.string()),
  stations: z.record(z.string(), z.unknown()).optional(),
});
type Document = z.infer<typeof documentSchema>;

interface Ended {
  status: number;
  documents: Document[];
  said: string;
}

/** Runs the command to its end. */
function runScenario(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const program = join(projectRoot(), 'tools/scenario.mjs');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: { ...process.env, ...environment }, maxBuffer: OUTPUT_MAX_BYTES, timeout: RUN_TIMEOUT_MS },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : error.code;
        if (typeof status !== 'number') return reject(error ?? new Error('no status'));
        const lines = stdout.split('\n').filter((line) => line !== '');
        const documents = lines.map((line) => documentSchema.parse(JSON.parse(line)));
        resolve({ status, documents, said: stderr });
      },
    );
  });
}

const files = readdirSync(CASES).filter((name) => name.endsWith('.json'));
const named = (documents: readonly Document[], file: string) =>
  documents.find((document) => document.file === join(CASES, file));

const timescaleUrl = inject('timescaleUrl');
/** A server that somebody else runs is not killed. */
const killsDatabase = async (file: string) =>
  /"kill": "database"/.test(await readFile(join(CASES, file), 'utf8'));

describe.each([
  { engine: 'embedded', isThere: true },
  { engine: 'timescale', isThere: timescaleUrl !== null },
])('scenarios on $engine', ({ engine, isThere }) => {
  let ended: Ended;
  let ran: string[];

  beforeAll(async () => {
    if (!isThere) return;
    const isKept = await Promise.all(
      files.map(async (file) => engine === 'embedded' || !(await killsDatabase(file))),
    );
    ran = files.filter((_, index) => isKept[index]);
    ended = await runScenario(
      ['--engine', engine, ...ran.map((file) => join(CASES, file))],
      timescaleUrl === null ? {} : { PV_TEST_TIMESCALE_URL: timescaleUrl },
    );
  }, RUN_TIMEOUT_MS);

  // The run says loudly at its end where TimescaleDB is missing (test/support/global-setup.ts).
  it.runIf(isThere).each(files)('%s', (file) => {
    if (!ran.includes(file)) return expect(file).toContain('database-killed');
    const document = named(ended.documents, file);
    expect(document?.mismatches).toEqual([]);
  });
});

describe('npm run scenario', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sunledger-scenario-spec-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('names every fault of a file by its place, and ends with 2', async () => {
    const file = join(folder, 'faults.json');
    const steps = [
      { at: '2025-02-20 10:00', kill: 'server' },
      { at: '2025-02-20T10:00:00+08:00', publish: { topic: 'pv/+/x', hex: 'abc' } },
    ];
    await writeFile(file, JSON.stringify({ name: 'faults', stations: [], steps, expect: { days: [{}] } }));
    const { status, documents, said } = await runScenario([file, join(folder, 'absent.json')]);
    expect(status).toBe(2);
    expect(documents.map(({ pass }) => pass)).toEqual([false, false]);
    for (const place of [
      'steps[0].at',
      'steps[0].kill',
      'steps[1].publish.topic',
      'steps[1].publish.hex',
      'expect.days[0].station',
      'absent.json: file: cannot be read',
    ])
      expect(said).toContain(place);
  });

  it('says in one sentence what is not as expected, and ends with 1', async () => {
    const file = join(folder, 'mismatch.json');
    const at = '2025-02-20T10:00:00+08:00';
    const device = { code: 'INV01', kind: 'inverter', ratedKw: 5 };
    const json = { ts: at, active_power_kw: 2 };
    await writeFile(
      file,
      JSON.stringify({
        name: 'mismatch',
        stations: [{ code: 'ST001', ratedKw: 5, devices: [device] }],
        steps: [{ at, publish: { topic: 'pv/v1/ST001/INV01/telemetry', json } }],
        expect: {
          readings: [{ station: 'ST001', count: 2 }],
          live: [{ station: 'ST001', powerW: 2000 }],
        },
      }),
    );
    const { status, documents } = await runScenario([file]);
    expect(status).toBe(1);
    expect(documents[0]?.mismatches).toEqual(['readings of ST001: expected 2, found 1']);
  });

  it('says in one line what is missing where there is no TimescaleDB, and ends with 2', async () => {
    const [file = ''] = files;
    const { status, said } = await runScenario(['--engine', 'timescale', join(CASES, file)], {
      PV_TEST_TIMESCALE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    });
    expect(status).toBe(2);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toContain('PV_TEST_TIMESCALE_URL');
  });
});
