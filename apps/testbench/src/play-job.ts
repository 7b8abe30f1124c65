import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestbenchFleet, TestbenchResult } from '#contracts';
import { migrate } from '#persistence';
import type { TestbenchJob, TestbenchReport } from '#testbench';
import { fileResult } from './file-result.ts';
import { fleetOf, fleetPlay } from './fleet-play.ts';
import { fleetResult } from './fleet-result.ts';
import { filePlay } from './runner/file-play.ts';
import { IngestProcess } from './runner/ingest-process.ts';
import type { FileFault, Scenario } from './runner/scenario-file.ts';
import { readScenario } from './runner/stations.ts';
import { EMBEDDED_SERVER, givenStorage, type Storage } from './runner/storage.ts';
import { tellStory, type Play } from './runner/story.ts';
import { readStored } from './stored.ts';

interface Outside {
  signal: AbortSignal;
  report: (line: TestbenchReport) => Promise<void>;
}

/** A line of progress is worth a message so often. */
const PROGRESS_EVERY_MS = 250;

/** Plays the world of a job and reports what became of it; what is wrong with a file is reported fault by fault. */
export async function playJob(job: TestbenchJob, outside: Outside): Promise<void> {
  await outside.report({ type: 'progress', phase: 'preparing', done: 0, total: 1 });
  const { parameters } = job;
  const result =
    parameters.kind === 'fleet'
      ? await playFleet(parameters, job, outside)
      : await playFile(parameters.text, job, outside);
  if ('faults' in result) await outside.report({ type: 'unusable', faults: result.faults });
  else await outside.report({ type: 'result', result });
}

async function playFleet(
  parameters: TestbenchFleet,
  job: TestbenchJob,
  outside: Outside,
): Promise<TestbenchResult> {
  const fleet = fleetOf(parameters, job.world);
  const play = fleetPlay(fleet, progressOf(outside));
  const stored = await tell(play, job, outside);
  return fleetResult(fleet, stored, job.world);
}

async function playFile(
  text: string,
  job: TestbenchJob,
  outside: Outside,
): Promise<TestbenchResult | { faults: FileFault[] }> {
  const read = readScenario(text);
  if ('faults' in read) return read;
  const { scenario, profiles } = read;
  const told = progressOf(outside);
  const play = filePlay(scenario, profiles, (done) => told('playing', done, scenario.steps.length));
  const end = await tell(
    {
      ...play,
      async read(scene) {
        told('reading', 1, 1);
        return { ...(await play.read(scene)), stored: await readStored(scene.database) };
      },
    },
    job,
    outside,
    scenario,
  );
  return fileResult(scenario, end);
}

type Told = (phase: 'playing' | 'settling' | 'reading', done: number, total: number) => void;

/** Tells how far it is, not more often than somebody may want to see. */
function progressOf({ report }: Outside): Told {
  let lastMs = 0;
  let lastPhase = '';
  return (phase, done, total) => {
    const nowMs = performance.now();
    if (phase === lastPhase && nowMs - lastMs < PROGRESS_EVERY_MS) return;
    lastMs = nowMs;
    lastPhase = phase;
    void report({ type: 'progress', phase, done, total });
  };
}

async function tell<T>(play: Play<T>, job: TestbenchJob, outside: Outside, scenario?: Scenario): Promise<T> {
  const storage = await storageFor(job, scenario);
  const log = await open(join(job.folder, 'ingest.log'), 'a');
  // The bundle that runs now is also the ingest process.
  const program = process.argv[1] ?? '';
  const ingest = new IngestProcess(program, log);
  try {
    return await tellStory({
      play,
      storage,
      ingest,
      program,
      folder: job.folder,
      keep: false,
      remark: (line) => process.stderr.write(`${line}\n`),
      signal: outside.signal,
    });
  } finally {
    await ingest.kill();
    await log.close();
    await storage.stop(false);
  }
}

/** Nobody else's server is killed: a story that kills its database has a server of its own. */
async function storageFor(job: TestbenchJob, scenario: Scenario | undefined): Promise<Storage> {
  if (scenario?.steps.some(({ kill }) => kill === 'database')) return EMBEDDED_SERVER.start(job.folder);
  await migrate(job.databaseUrl);
  return givenStorage(job.databaseUrl);
}
