import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Profile } from '#ingestion';
import { projectRoot } from '#platform';
import { IngestProcess } from './ingest-process.ts';
import type { FileFault, Scenario } from './scenario-file.ts';
import { readScenario } from './stations.ts';
import { EngineMissing, type ScenarioServer, type Storage } from './storage.ts';
import { filePlay } from './file-play.ts';
import { tellStory } from './story.ts';

export interface RunOptions {
  /** Files, or folders of them. */
  files: readonly string[];
  /** Folder that relative names begin in. */
  from: string;
  server: ScenarioServer;
  keep: boolean;
  /** Scenarios at a time. */
  parallel: number;
  signal: AbortSignal;
  /** One document a file. */
  print: (line: string) => void;
  /** For people. */
  remark: (line: string) => void;
}

interface UsableFile {
  file: string;
  /** Folder of its own. */
  folder: string;
  scenario: Scenario;
  profiles: readonly Profile[];
}

const EXIT = { passed: 0, mismatch: 1, unusable: 2, stopped: 130 };

/** Runs scenario files and prints one JSON document for each. @returns the exit status. */
export async function runScenarios(options: RunOptions): Promise<number> {
  const { usable, unusable } = await readFiles(options);
  for (const { file, faults } of unusable) reportUnusable(file, faults, options);
  if (usable.length === 0) return EXIT.unusable;
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-scenario-'));
  try {
    const isWell = await runOnStorage(usable, folder, options);
    return unusable.length > 0 ? EXIT.unusable : isWell ? EXIT.passed : EXIT.mismatch;
  } catch (error) {
    if (options.signal.aborted) return EXIT.stopped;
    if (!(error instanceof EngineMissing)) throw error;
    options.remark(error.message);
    return EXIT.unusable;
  } finally {
    if (!options.keep) await rm(folder, { recursive: true, force: true });
  }
}

async function runOnStorage(
  usable: readonly UsableFile[],
  folder: string,
  options: RunOptions,
): Promise<boolean> {
  const storage = await options.server.start(folder);
  try {
    const killsDatabase = ({ scenario }: UsableFile) =>
      scenario.steps.some(({ kill }) => kill === 'database');
    const alone = usable.filter(killsDatabase);
    const together = usable.filter((file) => !killsDatabase(file));
    // Alone, since the others are on the same server; first, since a server with many databases is long in recovery.
    const isWell = await runAll(alone, 1, { storage, folder, options });
    return (await runAll(together, options.parallel, { storage, folder, options })) && isWell;
  } finally {
    await storage.stop(options.keep);
    if (options.keep) options.remark(`kept: databases in ${storage.place}, logs in ${folder}`);
  }
}

interface Place {
  storage: Storage;
  folder: string;
  options: RunOptions;
}

/** Documents are printed in the order of the files, whichever is ready first. */
async function runAll(files: readonly UsableFile[], parallel: number, place: Place): Promise<boolean> {
  const queue = files.entries();
  const documents = new Map<number, string>();
  let printed = 0;
  let isWell = true;
  const work = async (worker: number) => {
    const log = await open(join(place.folder, `ingest-${worker}.log`), 'a');
    // The bundle that runs now is also the ingest process.
    const ingest = new IngestProcess(process.argv[1] ?? '', log);
    try {
      for (const [index, file] of queue) {
        place.options.signal.throwIfAborted();
        const { document, isGood } = await runFile(file, ingest, place);
        isWell &&= isGood;
        documents.set(index, document);
        for (let next = documents.get(printed); next !== undefined; next = documents.get(printed)) {
          place.options.print(next);
          printed += 1;
        }
      }
    } finally {
      await ingest.kill();
      await log.close();
    }
  };
  const workers = Array.from({ length: Math.min(parallel, files.length) }, (_, worker) => work(worker));
  const ended = await Promise.allSettled(workers);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return isWell;
}

async function runFile(
  { file, scenario, profiles, folder: own }: UsableFile,
  ingest: IngestProcess,
  { storage, folder, options }: Place,
): Promise<{ document: string; isGood: boolean }> {
  const { name } = scenario;
  const startedAtMs = performance.now();
  const parts = {
    play: filePlay(scenario, profiles),
    storage,
    ingest,
    program: process.argv[1] ?? '',
    keep: options.keep,
  };
  const remark = (line: string) => options.remark(`${file}: ${line}`);
  const { mismatches, outcome } = await tellStory({ ...parts, folder: join(folder, own), remark }).catch(
    async (error: unknown) => {
      await ingest.kill();
      const message = error instanceof Error ? error.message : String(error);
      remark(error instanceof Error ? (error.stack ?? message) : message);
      return { mismatches: [`the run broke off: ${message}`], outcome: null };
    },
  );
  const pass = mismatches.length === 0;
  for (const mismatch of mismatches) remark(mismatch);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  options.remark(`${pass ? 'ok  ' : 'FAIL'} ${file} (${seconds} s)`);
  return { document: JSON.stringify({ file, name, pass, mismatches, ...outcome }), isGood: pass };
}

async function readFiles({ files, from, server }: RunOptions) {
  const usable: UsableFile[] = [];
  const unusable: { file: string; faults: FileFault[] }[] = [];
  for (const file of await expandedFiles(files, from)) {
    const text = await readFile(file, 'utf8').catch(() => null);
    const read =
      text === null
        ? { faults: [{ place: 'file', fault: 'cannot be read' }] }
        : usableFile(file, text, server);
    if ('faults' in read) unusable.push({ file, faults: read.faults });
    else usable.push({ ...read, folder: `file-${usable.length}` });
  }
  return { usable, unusable };
}

function usableFile(
  file: string,
  text: string,
  server: ScenarioServer,
): Omit<UsableFile, 'folder'> | { faults: FileFault[] } {
  const read = readScenario(text);
  if ('faults' in read) return read;
  const kill = read.scenario.steps.findIndex((step) => step.kill === 'database');
  if (!server.isOwn && kill >= 0)
    return { faults: [{ place: `steps[${kill}].kill`, fault: `${server.name} is not this run’s to kill` }] };
  return { file, ...read };
}

/** A folder stands for the scenario files in it. */
async function expandedFiles(files: readonly string[], from: string): Promise<string[]> {
  const expanded: string[] = [];
  for (const name of files) {
    const path = await existing([resolve(from, name), resolve(projectRoot(), name)]);
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) expanded.push(path);
    else
      for (const entry of (await readdir(path)).sort())
        if (entry.endsWith('.json')) expanded.push(join(path, entry));
  }
  return expanded;
}

async function existing(paths: readonly string[]): Promise<string> {
  for (const path of paths)
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  return paths[0] ?? '';
}

function reportUnusable(file: string, faults: readonly FileFault[], { print, remark }: RunOptions): void {
  for (const { place, fault } of faults) remark(`${file}: ${place}: ${fault}`);
  const mismatches = faults.map(({ place, fault }) => `unusable: ${place}: ${fault}`);
  print(JSON.stringify({ file, name: null, pass: false, mismatches }));
}
