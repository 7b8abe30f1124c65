/*
 * One stream of messages of one scope, shared by all its readers.
 *
 *   message: state of the scope, whole --changed, or ten seconds old--> numbered, kept, sent to every reader
 *            what became of alarms     --each once-------------------> numbered, kept, sent to every reader
 *   reader:  new --> the newest state; back with the number of its last message --> what it missed, of states the newest;
 *            with a number that is not kept --> a reset, and the whole state
 */

/** A message as it is sent; the id goes back in `Last-Event-ID`. */
export interface LiveMessage {
  id: string;
  type: string;
  data: object;
}

/** What became of alarms, with the number that the feed gave it. */
export interface FedAlarm<E> {
  no: number;
  event: E;
}

type Reader = (message: LiveMessage) => void;
interface Kept {
  no: number;
  isState: boolean;
  message: LiveMessage;
}

/** A state that has not changed is sent again after this long, so that a reader knows that the line is alive. */
const STATE_AGAIN_MS = 10_000;
/** Messages kept for those who come back: some minutes of alarms. */
const KEPT_MAX = 300;
/** Of a state that is never the same twice: the clock and the instant it was worked out for. */
const MOVING = new Set(['asOf', 'clock']);

export class LiveChannel<E extends object> {
  private readonly readers = new Set<Reader>();
  private kept: Kept[] = [];
  private lastNo = 0;
  /** The last message about alarms that is no longer kept. */
  private droppedNo = 0;
  private lastState: { text: string; atMs: number } | null = null;
  private alarmNo: number | null = null;

  /**
   * @param parts.name of this channel of this run of the program: the front of every id.
   * @param parts.state the whole state; null where the scope has gone.
   * @param parts.alarms everything that the feed still has after a number, of this scope; null asks for the newest number.
   */
  constructor(
    private readonly parts: {
      name: string;
      type: string;
      state: () => Promise<object | null>;
      alarms: (
        afterNo: number | null,
      ) => Promise<{ events: FedAlarm<E>[]; lastNo: number; isReset: boolean }>;
      nowMs: () => number;
      asOf: () => string;
    },
  ) {}

  get readerCount(): number {
    return this.readers.size;
  }

  /** One look at the alarms, and at the state where that is due. @throws what the questions throw; nothing is lost */
  async tick(options: { withState: boolean }): Promise<void> {
    const { events, lastNo, isReset } = await this.parts.alarms(this.alarmNo);
    if (events.length > 0 || (isReset && this.alarmNo !== null))
      this.publish('alarms', this.alarmsData(events, isReset), false);
    this.alarmNo = lastNo;
    if (!options.withState) return;
    const state = await this.parts.state();
    if (state === null) return;
    const text = JSON.stringify(state, (key, value: unknown) => (MOVING.has(key) ? undefined : value));
    const nowMs = this.parts.nowMs();
    const isDue = this.lastState === null || nowMs - this.lastState.atMs >= STATE_AGAIN_MS;
    if (!isDue && text === this.lastState?.text) return;
    this.lastState = { text, atMs: nowMs };
    this.publish(this.parts.type, state, true);
  }

  /** Sends what the reader missed, then everything that comes. @returns how to stop. */
  subscribe(reader: Reader, lastEventId: string | null): () => void {
    for (const message of this.missed(lastEventId)) reader(message);
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }

  private missed(lastEventId: string | null): LiveMessage[] {
    const newest = this.kept.findLast(({ isState }) => isState);
    const after = lastEventId === null ? null : this.numberOf(lastEventId);
    if (after !== null)
      return this.kept
        .filter(({ no, isState }) => no > after && (!isState || no === newest?.no))
        .map(({ message }) => message);
    const reset: LiveMessage[] =
      lastEventId === null
        ? []
        : [{ id: this.idOf(this.lastNo), type: 'alarms', data: this.alarmsData([], true) }];
    return newest ? [...reset, { ...newest.message, id: this.idOf(this.lastNo) }] : reset;
  }

  /** The number in an id of this channel; null where it is of another, or what came after it is no longer kept. */
  private numberOf(id: string): number | null {
    const at = id.lastIndexOf('.');
    const no = Number(id.slice(at + 1));
    if (id.slice(0, at) !== this.parts.name || !Number.isInteger(no) || no > this.lastNo) return null;
    return no >= this.droppedNo ? no : null;
  }

  private publish(type: string, data: object, isState: boolean): void {
    this.lastNo += 1;
    const message = { id: this.idOf(this.lastNo), type, data };
    // Of states only the newest is of use.
    const others = isState ? this.kept.filter((one) => !one.isState) : this.kept;
    const all = [...others, { no: this.lastNo, isState, message }];
    this.kept = all.slice(-KEPT_MAX);
    for (const one of all.slice(0, -KEPT_MAX)) if (!one.isState) this.droppedNo = one.no;
    for (const reader of this.readers) reader(message);
  }

  private alarmsData(events: readonly FedAlarm<E>[], isReset: boolean): object {
    return { asOf: this.parts.asOf(), isReset, events: events.map(({ event }) => event) };
  }

  private idOf(no: number): string {
    return `${this.parts.name}.${no}`;
  }
}
