import { ApiError, problemOf, type ShownProblem } from '../../api/http.ts';

/** A bad place that the server named, such as `fields.3.unit`. */
export interface BadPlace {
  path: string;
  message: string;
}

/** A change that was refused, with every bad place. */
export class RefusedError extends ApiError {
  readonly places: readonly BadPlace[];

  constructor(problem: ShownProblem, places: readonly BadPlace[]) {
    super(problem);
    this.places = places;
  }
}

/**
 * Sends JSON and reads the answer, of the shape that the contract names for the path.
 * @throws {RefusedError} with the server's code and bad places; `web.unreachable` where there is no answer
 */
export async function sendJson<T>(
  method: 'POST' | 'PUT',
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const problem = { code: 'web.unreachable', status: 0, title: '', detail: null, reference: null };
    throw new RefusedError(problem, []);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok || answer === null)
    throw new RefusedError(problemOf(response.status, answer), placesOf(answer));
  return answer as T;
}

function placesOf(body: unknown): BadPlace[] {
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors))
    return [];
  return body.errors as BadPlace[];
}
