import { DAY_MS } from '#domain';
import {
  dayIndexAt,
  deliveryOf,
  type FaultBook,
  type GatewaySchedule,
  readingInstantMs,
  type ReadingModel,
  seqAfter,
  startOfDayIndexMs,
} from '#simulation';

/** Late data are taken this long (domain.md 3.4), so an older gap is not filled with readings. */
const FILL_DAYS_MAX = 30;
/** How far back the last word of a gateway is looked for; longer faults are left without one. */
const LOOK_BACK_DAYS = 4;
/** A shorter interval would write tens of millions of rows at the start; the history then has a reading a minute. */
const HISTORY_STEP_S = 60;

/** The history has one of so many readings of a gateway. */
export const historyStep = (gateway: GatewaySchedule): number =>
  Math.max(1, Math.ceil((HISTORY_STEP_S * 1000) / gateway.intervalMs));

/** One reading to be written, and whether it makes its day due for a new roll-up. */
export interface OwedReading {
  gateway: GatewaySchedule;
  seq: number;
  receivedAtMs: number;
  /** False for a last word of an earlier day, which is only there as a boundary for the next. */
  rollsUp: boolean;
  /** Leave out the devices of one kind, which spoke later or earlier. */
  only: 'all' | 'inverters' | 'meters';
}

export interface OwedQuestion {
  gateway: GatewaySchedule;
  faults: FaultBook;
  readings: ReadingModel;
  /** Last reading of the station in the database, epoch ms; null where there is none. */
  lastMs: number | null;
  nowMs: number;
}

/**
 * The readings that a gateway would have delivered by now and that the database does not have: the rest of the day on
 * which it was last heard, its last word before today, and today.
 */
export function owedReadings(question: OwedQuestion): OwedReading[] {
  const { lastMs, nowMs } = question;
  const todayMs = startOfDayIndexMs(dayIndexAt(nowMs));
  const owed: OwedReading[] = [];
  if (lastMs !== null && lastMs < todayMs && lastMs > nowMs - FILL_DAYS_MAX * DAY_MS) {
    const endMs = startOfDayIndexMs(dayIndexAt(lastMs) + 1);
    owed.push(...delivered(question, lastMs, Math.min(endMs, todayMs) - 1));
  }
  if (lastMs === null || lastMs < todayMs - DAY_MS) owed.push(...lastWords(question, todayMs));
  owed.push(...delivered(question, Math.max(todayMs - 1, lastMs ?? 0), nowMs));
  return owed;
}

/** The whole days between the one on which a station was last heard and today: they are not filled with readings. */
export function daysNotTaken(lastMs: number | null, nowMs: number): { fromMs: number; toMs: number } | null {
  if (lastMs === null) return null;
  const fromMs = startOfDayIndexMs(dayIndexAt(lastMs) + 1);
  const toMs = startOfDayIndexMs(dayIndexAt(nowMs));
  return fromMs < toMs ? { fromMs, toMs } : null;
}

/** How many readings after an instant a gateway still owes, counted no further than `limit`. */
export function countOwed(question: OwedQuestion & { lastMs: number }, limit: number): number {
  const { gateway, faults, lastMs, nowMs } = question;
  let count = 0;
  for (
    let seq = seqAfter(gateway, lastMs);
    readingInstantMs(gateway, seq) <= nowMs && count < limit;
    seq += 1
  ) {
    if (deliveryOf(faults, gateway, seq).kind === 'live') count += 1;
  }
  return count;
}

/** Readings taken in (afterMs, untilMs] that have been delivered by now. */
function delivered(question: OwedQuestion, afterMs: number, untilMs: number): OwedReading[] {
  const { gateway, nowMs } = question;
  const step = historyStep(gateway);
  const owed: OwedReading[] = [];
  for (let seq = seqAfter(gateway, afterMs); readingInstantMs(gateway, seq) <= untilMs; seq += 1) {
    if (seq % step !== 0) continue;
    const receivedAtMs = receivedAt(question, seq);
    if (receivedAtMs !== null && receivedAtMs <= nowMs) {
      owed.push({ gateway, seq, receivedAtMs, rollsUp: true, only: 'all' });
    }
  }
  return owed;
}

/** The last readings before today: of the meters towards midnight, of the inverters after dusk. */
function lastWords(question: OwedQuestion, todayMs: number): OwedReading[] {
  const { gateway, readings } = question;
  const oldestSeq = seqAfter(gateway, todayMs - LOOK_BACK_DAYS * DAY_MS);
  let meterWord: OwedReading | null = null;
  for (let seq = seqAfter(gateway, todayMs - 1) - 1; seq >= Math.max(0, oldestSeq); seq -= 1) {
    const receivedAtMs = receivedAt(question, seq);
    if (receivedAtMs === null || receivedAtMs > question.nowMs) continue;
    const word = { gateway, seq, receivedAtMs, rollsUp: false };
    if (readings.hasInverters(gateway, seq)) {
      const inverterWord: OwedReading = { ...word, only: meterWord === null ? 'all' : 'inverters' };
      return meterWord === null ? [inverterWord] : [inverterWord, meterWord];
    }
    meterWord ??= { ...word, only: 'meters' };
  }
  return meterWord === null ? [] : [meterWord];
}

function receivedAt(question: OwedQuestion, seq: number): number | null {
  const delivery = deliveryOf(question.faults, question.gateway, seq);
  switch (delivery.kind) {
    case 'live':
      return readingInstantMs(question.gateway, seq);
    case 'late':
      return delivery.sentAtMs;
    case 'dropped':
      // Asked for and sent again within minutes; the history does not tell the two apart.
      return readingInstantMs(question.gateway, seq);
    case 'lost':
      return null;
  }
}
