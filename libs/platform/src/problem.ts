import { randomUUID } from 'node:crypto';
import {
  Catch,
  HttpException,
  StandardSchemaValidationPipe,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './logger.ts';

/** An error that the caller can act on: a dotted code that never changes, an HTTP status and a sentence. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors?: readonly { path: string; message: string }[],
  ) {
    super(message);
  }
}

/** Body of `application/problem+json` (RFC 9457); its schema is `Problem` in contracts. */
interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  instance?: string;
  reference: string;
  errors?: readonly { path: string; message: string }[];
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Login needed',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not acceptable as it is',
  429: 'Too many requests',
  503: 'Not ready',
};
const CODES: Record<number, string> = {
  400: 'request.invalid',
  404: 'request.no_such_route',
  413: 'request.too_large',
  415: 'request.unsupported_media_type',
};

/** Turns every error of a request into `application/problem+json`; what is nobody's fault but ours is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    /** Answers a page of the web app where the path is none of the API's. */
    private readonly servePage?: (request: FastifyRequest, reply: FastifyReply) => boolean,
    /** True for what may be over in a moment, as a database that starts again. */
    private readonly isPassing: (error: unknown) => boolean = () => false,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.isPassing(error)
      ? problemOf(new ProblemError(503, 'database.unavailable', 'the database does not answer'), request.url)
      : problemOf(error, request.url);
    if (problem.code === 'request.no_such_route' && this.servePage?.(request, reply)) return;
    if (problem.status >= 500 && !(error instanceof ProblemError))
      this.logger.error({ err: error, reference: problem.reference, path: request.url }, 'request.failed');
    if (reply.sent) return;
    void reply.status(problem.status).type('application/problem+json; charset=utf-8').send(problem);
  }
}

function problemOf(error: unknown, instance: string): ProblemBody {
  const status = statusOf(error);
  const body: ProblemBody = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Internal error',
    status,
    code: error instanceof ProblemError ? error.code : (CODES[status] ?? 'internal.error'),
    instance,
    reference: randomUUID(),
  };
  // What went wrong inside is for the log, not for the caller.
  if ((status < 500 || error instanceof ProblemError) && error instanceof Error) body.detail = error.message;
  if (error instanceof ProblemError && error.errors) body.errors = error.errors;
  return body;
}

function statusOf(error: unknown): number {
  if (error instanceof ProblemError) return error.status;
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

/** Checks parameters by their zod schemas and names every bad one. */
export const schemaPipe = () =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.map(({ path, message }) => ({
        path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message,
      }));
      const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
      return new ProblemError(400, 'request.invalid', detail, errors);
    },
  });
