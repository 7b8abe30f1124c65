import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Environment } from './env.ts';

export type { Logger };

/** Structured log: an event name and fields, no personal data. */
export function createLogger(program: string, environment: Pick<Environment, 'PV_LOG_LEVEL'>): Logger {
  return pino({
    level: environment.PV_LOG_LEVEL,
    base: { program },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
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
