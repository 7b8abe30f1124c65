import { setTimeout as delay } from 'node:timers/promises';

/**
 * How everything that was started is stopped.
 *
 *   running --signal, launcher gone, give up--> stopping --each part, newest first--> gone
 *
 * A part is registered before it is started, so that a stop in the middle of a start finds it; once stopping, nothing
 * can be registered any more.
 */
export interface Part {
  name: string;
  /** Called once; also where the start of the part is not complete. */
  stop: () => Promise<unknown>;
}

/** A part ends itself the hard way before that; this is for what cannot hang, and does. */
const PART_LIMIT_MS = 25_000;
/** After that the program ends whatever hangs. The next start finds what was left, and stops it. */
const TOTAL_LIMIT_MS = 75_000;
/** One Ctrl-C arrives up to three times: from the terminal, from npm and from the launcher. */
const SAME_PRESS_MS = 1000;

export class Shutdown {
  private readonly parts: Part[] = [];
  private readonly controller = new AbortController();
  private waitingFor = '';
  private saidAtMs = 0;

  /** Aborts when the stop begins: nothing is started after that. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isStopping(): boolean {
    return this.signal.aborted;
  }

  /** Stops on signals, on the end of the launcher, and on errors that nobody caught. */
  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
      // Never `once`: the second signal would end this process and leave the database running.
      process.on(signal, () => this.asked());
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      process.on(event, (error: unknown) => {
        void this.giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error));
      });
  }

  /** @throws DOMException (AbortError) where everything is being stopped. */
  add(part: Part): void {
    this.signal.throwIfAborted();
    this.parts.push(part);
  }

  /** Ends the program with status 1 and a line that says why. */
  async giveUp(message: string): Promise<void> {
    process.stderr.write(`sunledger: ${message}\n`);
    await this.stop(1);
  }

  private asked(): void {
    if (!this.isStopping) {
      void this.stop(0);
      return;
    }
    if (Date.now() - this.saidAtMs < SAME_PRESS_MS) return;
    this.saidAtMs = Date.now();
    say(`still stopping: ${this.waitingFor}`);
  }

  private async stop(status: number): Promise<void> {
    if (this.isStopping) return;
    this.saidAtMs = Date.now();
    this.controller.abort();
    say('stopping');
    setTimeout(() => process.exit(1), TOTAL_LIMIT_MS).unref();
    for (const { name, stop } of this.parts.toReversed()) {
      this.waitingFor = name;
      const problem = await stopWithin(stop, PART_LIMIT_MS);
      if (problem !== null) say(`${name} did not stop cleanly: ${problem}`);
    }
    process.exit(status);
  }
}

/** Returns what went wrong, or null. */
async function stopWithin(stop: () => Promise<unknown>, limitMs: number): Promise<string | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      stop().then(() => null),
      delay(limitMs, 'it takes too long', { signal: timer.signal }),
    ]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.abort();
  }
}

export function say(message: string): void {
  process.stdout.write(`sunledger: ${message}\n`);
}
