// npm run scenario -- FILE… [--engine timescale] [--keep]; see docs/SCENARIOS.md
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { HOST_BROKER, hostBroker } from '../../apps/testbench/src/runner/broker.ts';
import { hostIngest } from '../../apps/testbench/src/runner/ingest-host.ts';
import { HOST_INGEST } from '../../apps/testbench/src/runner/ingest-process.ts';
import { runScenarios } from '../../apps/testbench/src/runner/run.ts';
import { EMBEDDED_SERVER } from '../../apps/testbench/src/runner/storage.ts';
import { TIMESCALE_SERVER } from './timescale-storage.ts';

const USAGE = 'usage: npm run scenario -- FILE… [--engine embedded|timescale] [--keep] [--parallel N]';
const EXIT_UNUSABLE = 2;
const PARENT_EVERY_MS = 1000;

const [role, port] = process.argv.slice(2);
if (role === HOST_INGEST) hostIngest();
else if (role === HOST_BROKER) await hostBroker(Number(port));
else await runFromCommandLine();

async function runFromCommandLine(): Promise<void> {
  const { values, positionals } = readArguments();
  const { engine, keep, parallel } = values;
  if (positionals.length === 0 || (engine !== 'embedded' && engine !== 'timescale')) return refuse(USAGE);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const watch = endWithParent(stopping);
  process.exitCode = await runScenarios({
    files: positionals,
    // npm runs scripts in the folder of the project, wherever the user is.
    from: process.env['INIT_CWD'] ?? process.cwd(),
    server: engine === 'embedded' ? EMBEDDED_SERVER : TIMESCALE_SERVER,
    keep,
    parallel: Math.max(1, Number(parallel) || 1),
    signal: stopping.signal,
    print: (line) => process.stdout.write(`${line}\n`),
    remark: (line) => process.stderr.write(`${line}\n`),
  });
  clearInterval(watch);
}

/** Whoever started this and was killed must not leave a database and a broker behind. */
function endWithParent(stopping: AbortController): NodeJS.Timeout {
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) stopping.abort();
  }, PARENT_EVERY_MS);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'embedded' },
        keep: { type: 'boolean', default: false },
        parallel: { type: 'string', default: '3' },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return { values: { engine: '', keep: false, parallel: '' }, positionals: [] };
  }
}

function refuse(line: string): void {
  process.stderr.write(`${line}\n`);
  process.exitCode = EXIT_UNUSABLE;
}
