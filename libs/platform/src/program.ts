import { EnvironmentError, readEnvironment, type Environment } from './env.ts';
import { createLogger, type Logger } from './logger.ts';

/** A program that cannot use its settings ends with this status, as `sysexits` has it. */
const EXIT_CONFIG = 78;
/** Ingest writes what waits in two seconds; the launcher's next start wants the ports. */
const ORPHAN_STOP_LIMIT_MS = 8000;

/**
 * Starts a program: reads the settings, makes the log, and ends with one clear message where it cannot go on.
 * @param run resolves once the program is up; what it started keeps the process alive.
 */
export async function runProgram(
  name: string,
  run: (parts: { environment: Environment; logger: Logger }) => Promise<void>,
): Promise<void> {
  let environment: Environment;
  try {
    environment = readEnvironment();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = EXIT_CONFIG;
    return;
  }
  // Warnings of Node go there; whoever read them may be gone.
  process.stderr.on('error', () => undefined);
  const logger = createLogger(name, environment);
  if (process.send) process.once('disconnect', endWithLauncher);
  try {
    await run({ environment, logger });
  } catch (error) {
    logger.fatal({ err: error }, `${name}.failed`);
    process.exit(1);
  }
}

/** Started by another program: when that one is gone, however it ended, this one must not be left behind. */
function endWithLauncher(): void {
  // Nobody is left who would end a stop that hangs.
  setTimeout(() => process.exit(1), ORPHAN_STOP_LIMIT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}

/** The database a program is to use. @throws Error that names the setting. */
export function requireDatabaseUrl(environment: Environment): string {
  if (environment.DATABASE_URL === undefined)
    throw new Error(
      'DATABASE_URL is not set: this program needs a PostgreSQL server (npm start brings its own)',
    );
  return environment.DATABASE_URL;
}
