/** A process that a run kills and starts again. */
export interface Victim {
  readonly name: 'ingest' | 'broker' | 'database';
  /** Ends it as a power cut does: SIGKILL, nothing written, nobody told. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same files. */
  restart(): Promise<void>;
  /** Ends it properly, for good. */
  stop(): Promise<void>;
}
