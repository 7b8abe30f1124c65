import { problemOf, withQuery, type QueryValues } from '../../../api/http.ts';
import { RefusedError } from '../../ingest/sendJson.ts';

/**
 * Sends the bytes of a file and reads the answer, of the shape that the contract names for the path.
 * @throws {RefusedError} with the server's code; `web.unreachable` where there is no answer
 */
export async function sendFile<T>(path: string, query: QueryValues, body: Blob): Promise<T> {
  let response: Response;
  try {
    response = await fetch(withQuery(path, query), {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/octet-stream' },
      body,
    });
  } catch {
    const problem = { code: 'web.unreachable', status: 0, title: '', detail: null, reference: null };
    throw new RefusedError(problem, []);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new RefusedError(problemOf(response.status, answer), []);
  return answer as T;
}
