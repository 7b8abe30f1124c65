import 'reflect-metadata';
import { jobSchema, type TestbenchReport } from '#testbench';
import { playJob } from './play-job.ts';
import { HOST_BROKER, hostBroker } from './runner/broker.ts';
import { hostIngest } from './runner/ingest-host.ts';
import { HOST_INGEST } from './runner/ingest-process.ts';

/**
 * The program of one run of the testers' place. It takes one job over its channel, tells how far it is, and ends; whoever
 * started it may kill it at any time. The same bundle is also its ingest and its broker.
 */
const [role, port] = process.argv.slice(2);
if (role === HOST_INGEST) hostIngest();
else if (role === HOST_BROKER) await hostBroker(Number(port));
else takeJob();

function takeJob(): void {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  process.once('disconnect', () => process.exit(1));
  process.once('message', (message) => {
    void run(message, stopping.signal);
  });
}

async function run(message: unknown, signal: AbortSignal): Promise<void> {
  try {
    await playJob(jobSchema.parse(message), { signal, report });
  } catch (error) {
    if (!signal.aborted)
      await report({
        type: 'failed',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
  process.exit(0);
}

/** Resolves when the line has left the process. */
function report(line: TestbenchReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send) return resolve();
    process.send(line, () => resolve());
  });
}
