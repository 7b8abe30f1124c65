import type { Writable } from 'node:stream';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Environment } from './env.ts';

export type { Logger };

/** Lines that wait for a reader who does not read; more than this is dropped and counted. */
const WAITING_MAX_BYTES = 4 * 1024 * 1024;
const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'EIO', 'ERR_STREAM_DESTROYED']);

/** Structured log on standard output: an event name and fields, no personal data. */
export function createLogger(program: string, environment: Pick<Environment, 'PV_LOG_LEVEL'>): Logger {
  return pino(
    {
      level: environment.PV_LOG_LEVEL,
      base: { program },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    new LogDestination(process.stdout, program),
  );
}

/**
 * Where the lines go. pino's own destination writes synchronously and tries again where it cannot; a program must be
 * able to work and to end when whoever reads its log has stopped reading, or is gone.
 *
 *   open --waiting too long--> dropping --room again--> open (with a line that counts what is missing)
 *   any --broken pipe--> gone
 */
export class LogDestination {
  private droppedLines = 0;

  constructor(
    private readonly stream: Writable,
    private readonly program: string,
  ) {
    watch(stream);
  }

  write(line: string): void {
    if (gone.has(this.stream)) return;
    if (this.stream.writableLength > WAITING_MAX_BYTES) {
      this.droppedLines += 1;
      return;
    }
    if (this.droppedLines > 0) {
      this.stream.write(
        `{"level":"warn"${pino.stdTimeFunctions.isoTime()},"program":"${this.program}",` +
          `"lines":${this.droppedLines},"msg":"log.lines_dropped"}\n`,
      );
      this.droppedLines = 0;
    }
    this.stream.write(line);
  }
}

const watched = new WeakSet<Writable>();
/** Streams whose reader is gone. */
const gone = new WeakSet<Writable>();

/** An error that nobody listens to would end the program. Where the disk is full, a line is lost, not the log. */
function watch(stream: Writable): void {
  if (watched.has(stream)) return;
  watched.add(stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== undefined && READER_GONE.has(error.code)) gone.add(stream);
  });
}

/** Lets Nest write into the same log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown) {
    this.logger.debug({ context }, String(message));
  }
  warn(message: unknown, context?: unknown) {
    this.logger.warn({ context }, String(message));
  }
  error(message: unknown, stack?: unknown, context?: unknown) {
    this.logger.error(
      { context, stack, error: message instanceof Error ? message : undefined },
      String(message),
    );
  }
}
