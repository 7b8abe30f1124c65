import type { Problem } from '#contracts';

/** A problem as the pages show it; `reference` is null where the server was not reached. */
export interface ShownProblem {
  code: string;
  status: number;
  title: string;
  detail: string | null;
  reference: string | null;
}

/** A request that was answered with a problem, or not answered. Codes of its own: `web.unreachable`, `web.unreadable`. */
export class ApiError extends Error {
  readonly problem: ShownProblem;

  constructor(problem: ShownProblem, options?: ErrorOptions) {
    super(`${problem.code}: ${problem.title}`, options);
    this.problem = problem;
  }
}

export type QueryValues = Record<string, string | number | undefined>;

/** Path and query; values that are absent or empty are left out. */
export function withQuery(path: string, query: QueryValues): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'code' in body && 'status' in body;
}

/** Any answer that is not a success, as a problem. A proxy's HTML page has neither title nor reference. */
export function problemOf(status: number, body: unknown): ShownProblem {
  if (!isProblem(body)) return { code: 'web.unreadable', status, title: '', detail: null, reference: null };
  return {
    code: body.code,
    status: body.status,
    title: body.title,
    detail: body.detail ?? null,
    reference: body.reference ?? null,
  };
}

/** Hears of every read that was refused because of who asks; the app leads to the login. */
let onReadRefused: (problem: ShownProblem) => void = () => undefined;
export function hearReadRefused(listener: (problem: ShownProblem) => void): void {
  onReadRefused = listener;
}

/**
 * Reads JSON of the shape that the contract names for the path. Web and API are built from one commit, so the shape
 * is trusted, not parsed a second time.
 * @throws {ApiError} with the server's code, `web.unreachable` or `web.unreadable`
 */
export async function getJson<T>(path: string, query: QueryValues, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(withQuery(path, query), { signal, headers: { accept: 'application/json' } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const problem = { code: 'web.unreachable', status: 0, title: '', detail: null, reference: null };
    throw new ApiError(problem, { cause });
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    const problem = problemOf(response.status, body);
    if (problem.status === 401 || problem.code === 'access.change_password_first') onReadRefused(problem);
    throw new ApiError(problem);
  }
  return body as T;
}
