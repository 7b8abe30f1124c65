import { ProgramLock } from '#persistence';

/** An ingest that is told to stop has so long to write what waits and to leave. */
const LEAVING_MS = 10_000;

/**
 * Makes sure that no second ingest of one `PV_INGEST_ID` runs on a database: both would connect to the broker with one
 * client id, and throw each other out without end. Held until the program ends.
 * @throws Error that names the setting, where another one has the id and does not leave.
 */
export async function holdIngestId(parts: {
  url: string;
  ingestId: string;
  /** Another ingest took the id while the database was away; this one must end. */
  onLost: (reason: Error) => void;
  waitMs?: number;
}): Promise<ProgramLock> {
  const { url, ingestId, onLost, waitMs = LEAVING_MS } = parts;
  const taken = () =>
    new Error(
      `another ingest with PV_INGEST_ID=${ingestId} runs on this database: give each ingest an id of its own`,
    );
  const lock = await ProgramLock.take({
    url,
    name: `ingest/${ingestId}`,
    waitMs,
    onLost: () => onLost(taken()),
  });
  if (!lock) throw taken();
  return lock;
}
