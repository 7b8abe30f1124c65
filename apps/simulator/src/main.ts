import { Clock, createLogger, EnvironmentError, readEnvironment } from '#platform';
import { dayOf } from '#domain';
import { FaultScriptError, truthReport } from '#simulation';
import { HELP, readSettings, UsageError, type RunSettings } from './command-line.ts';
import { runSimulator, worldOf } from './simulator.ts';
import type { PaperSettings } from './settlement/paper-settings.ts';
import { writeStatements } from './settlement/statements-command.ts';

/** A stop that hangs is cut off: the launcher counts on an end within three seconds. */
const STOP_LIMIT_MS = 2500;
const EXIT_USAGE = 2;
/** Bad settings end every program of the house with this status, as `sysexits` has it. */
const EXIT_CONFIG = 78;

async function main(): Promise<void> {
  const environment = readEnvironment();
  const settings = readSettings(process.argv.slice(2), environment);
  if (settings === null) {
    process.stdout.write(HELP);
    return;
  }
  const clock = new Clock({
    startAt: settings.startAt ?? undefined,
    speed: settings.speed,
    anchorMs: environment.PV_CLOCK_ANCHOR_MS,
    nightDemo: environment.PV_CLOCK_NIGHT_DEMO === 'on',
  });
  if (settings.truth) {
    printTruth(settings, clock);
    return;
  }
  if (settings.statements !== null) {
    await printStatements(settings, settings.statements);
    return;
  }
  const stop = new AbortController();
  const onSignal = () => {
    stop.abort();
    setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, onSignal);
  // Started by another program: when that one is gone, however it ended, this one must not be left behind.
  if (process.send) process.once('disconnect', onSignal);
  const logger = createLogger('simulator', environment);
  try {
    await runSimulator({ settings, clock, logger, stop: stop.signal });
  } catch (error) {
    if (!isUsage(error)) logger.error({ event: 'simulator.failed', err: error });
    throw error;
  }
  process.exit(0);
}

function printTruth(settings: RunSettings, clock: Clock): void {
  const { intervalS } = settings;
  const day = settings.day ?? dayOf(clock.nowMs());
  const days = settings.until !== null && 'days' in settings.until ? settings.until.days : 1;
  process.stdout.write(
    `${JSON.stringify(truthReport(worldOf(settings).truth, { fromDay: day, days, intervalS }))}\n`,
  );
}

async function printStatements(settings: RunSettings, papers: PaperSettings): Promise<void> {
  try {
    const { folder, report } = await writeStatements(worldOf(settings), papers);
    process.stdout.write(`${JSON.stringify({ folder, ...report, balances: undefined })}\n`);
  } catch (error) {
    // A month before the model, or a station that has no paper.
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

const isUsage = (error: unknown): error is Error =>
  error instanceof UsageError || error instanceof EnvironmentError || error instanceof FaultScriptError;

function statusOf(error: unknown): number {
  if (error instanceof EnvironmentError) return EXIT_CONFIG;
  return isUsage(error) ? EXIT_USAGE : 1;
}

try {
  await main();
} catch (error) {
  if (isUsage(error)) process.stderr.write(`${error.message}\n--help 查看说明 shows the options\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(statusOf(error));
}
