import { Inject, Injectable } from '@nestjs/common';
import {
  RECEIPT_DAYS_MAX,
  RENUMBERED_DOUBTFUL,
  type DeviceClock,
  type MessageCounts,
  type Receipt,
  type ReceiptList,
  type ReceiptQuery,
  type SharedNameDoubt,
} from '#contracts';
import { addDays, dayOf, daysBetween } from '#domain';
import { Database } from '#persistence';
import { Clock, ProblemError } from '#platform';
import {
  ReceiptRepository,
  type ReceiptSpan,
  type ReceiptStation,
  type SenderDay,
} from './receipt.repository.ts';

/** A week is what is shown where nothing else is asked for. */
const DEFAULT_DAYS = 7;
/** A delay below zero by more than this is a clock that is ahead, and not a rounding. */
const AHEAD_MS = -60_000;
/** Messages of a right clock on a usable link arrive within this; beyond it one of the two is not so. */
const BEHIND_MS = 120_000;

/** What came of what was sent, a station and day: the proof that nothing is lost, or the plain word of what is. */
@Injectable()
export class ReceiptService {
  private readonly repository: ReceiptRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new ReceiptRepository(database);
  }

  /**
   * Days of one station, or one day of all stations of a county or of the city, a page at a time.
   * @throws ProblemError `receipt.range_invalid`, `receipt.one_day_only`, `station.not_found`
   */
  async list(query: ReceiptQuery): Promise<ReceiptList> {
    const { page, pageSize } = query;
    const span = this.spanOf(query);
    const head = { asOf: this.clock.now().toISOString(), ...span, page, pageSize };
    if (query.station === undefined) {
      const { items: stations, total } = await this.repository.stations({ ...query, county: query.county });
      return { ...head, items: await this.receipts(stations, span), total, clocks: [] };
    }
    const station = await this.repository.station(query.station);
    if (!station) throw new ProblemError(404, 'station.not_found', `no station ${query.station}`);
    const days = daysBetween(span.from, span.to).toReversed();
    const shown = days.slice((page - 1) * pageSize, page * pageSize);
    const [last, first] = [shown[0], shown.at(-1)];
    const clocks = await this.repository.clocks(station.id);
    return {
      ...head,
      items: first && last ? await this.receipts([station], { from: first, to: addDays(last, 1) }) : [],
      total: days.length,
      clocks: clocks.map((clock) => ({ ...clock, verdict: verdictOf(clock.skewMs) })),
    };
  }

  private spanOf({ station, from, to }: ReceiptQuery): { from: string; to: string } {
    const today = dayOf(this.clock.nowMs());
    const isFleet = station === undefined;
    const first = from ?? (isFleet ? today : addDays(to ?? addDays(today, 1), -DEFAULT_DAYS));
    const last = to ?? (isFleet ? addDays(first, 1) : addDays(today, 1));
    if (last <= first || last > addDays(first, RECEIPT_DAYS_MAX))
      throw new ProblemError(
        400,
        'receipt.range_invalid',
        `from is before to, and at most ${RECEIPT_DAYS_MAX} days before it`,
      );
    if (isFleet && last !== addDays(first, 1))
      throw new ProblemError(400, 'receipt.one_day_only', 'without a station one day is answered');
    return { from: first, to: last };
  }

  private async receipts(
    stations: readonly ReceiptStation[],
    { from, to }: { from: string; to: string },
  ): Promise<Receipt[]> {
    const span: ReceiptSpan = { stationIds: stations.map(({ id }) => id), from, to };
    const [readings, rejections, senders, reconnects] = await Promise.all([
      this.repository.readings(span),
      this.repository.rejections(span),
      this.repository.senders(span),
      this.repository.reconnects(span),
    ]);
    const readingsOf = new Map(readings.map((row) => [keyOf(row), row]));
    const rejectionsOf = Map.groupBy(rejections, keyOf);
    const sendersOf = Map.groupBy(senders, keyOf);
    const reconnectsOf = Map.groupBy(reconnects, keyOf);
    return daysBetween(from, to)
      .toReversed()
      .flatMap((day) =>
        stations.map(({ id: stationId, code, name }) => {
          const key = keyOf({ stationId, day });
          const counted = readingsOf.get(key);
          const own = sendersOf.get(key) ?? [];
          return {
            stationCode: code,
            stationName: name,
            day,
            messages: totalOf(own),
            readings: counted
              ? { accepted: counted.accepted, duplicate: counted.duplicate, late: counted.late }
              : null,
            rejected: (rejectionsOf.get(key) ?? []).map(({ reason, times }) => ({ reason, times })),
            senders: own.map(({ stationId: _station, day: _day, ...sender }) => sender),
            doubts: [
              ...(reconnectsOf.get(key) ?? []).map(({ kind, sender, times }) => ({ kind, sender, times })),
              ...renumbered(own),
            ],
          };
        }),
      );
  }
}

const keyOf = ({ stationId, day }: { stationId: number; day: string }) => `${stationId}/${day}`;

/** Null where nobody numbers: zero missing would be a claim that nobody can make. */
function totalOf(senders: readonly SenderDay[]): MessageCounts | null {
  if (senders.length === 0) return null;
  const sum = (name: keyof MessageCounts) => senders.reduce((total, sender) => total + sender[name], 0);
  return {
    sent: sum('sent'),
    received: sum('received'),
    missing: sum('missing'),
    asked: sum('asked'),
    came: sum('came'),
    gaveUp: sum('gaveUp'),
  };
}

/** Senders whose numbers began again so often on a day that they are rather two in turn. */
export function renumbered(senders: readonly Pick<SenderDay, 'code' | 'received'>[]): SharedNameDoubt[] {
  const heard = Map.groupBy(
    senders.filter(({ received }) => received > 0),
    ({ code }) => code,
  );
  return [...heard].flatMap(([sender, epochs]): SharedNameDoubt[] => {
    const times = epochs.length - 1;
    return times < RENUMBERED_DOUBTFUL ? [] : [{ kind: 'renumbered', sender, times }];
  });
}

/** @param skewMs least delay from measurement to receipt, ms */
export function verdictOf(skewMs: number): DeviceClock['verdict'] {
  if (skewMs < AHEAD_MS) return 'ahead';
  return skewMs > BEHIND_MS ? 'behind' : 'right';
}
