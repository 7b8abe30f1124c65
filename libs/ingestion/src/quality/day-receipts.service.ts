import { Inject, Injectable } from '@nestjs/common';
import type { DayReceipt, DayReceipts, DayReceiptsQuery } from '#contracts';
import { addDays, dayOf } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { ReceiptRepository } from '../review/receipt.repository.ts';
import { QualityViewRepository } from './quality-view.repository.ts';

const MESSAGE_COUNTS = ['sent', 'received', 'missing', 'asked', 'came', 'gaveUp'] as const;
const READING_COUNTS = ['accepted', 'duplicate', 'late'] as const;

/** The receipts of all stations of an area on one day, in one table: what is missing first, with the totals. */
@Injectable()
export class DayReceiptsService {
  private readonly receipts: ReceiptRepository;
  private readonly areas: QualityViewRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.receipts = new ReceiptRepository(database);
    this.areas = new QualityViewRepository(database);
  }

  /** A page of the stations of a county, or of the city, on a Shanghai day. The totals are of all pages. */
  async list({ county, day: asked, page, pageSize }: DayReceiptsQuery): Promise<DayReceipts> {
    const now = this.clock.now();
    const day = asked ?? dayOf(now.getTime());
    const rows = (await this.rows(county, day)).toSorted(byMissing);
    return {
      asOf: now.toISOString(),
      day,
      items: rows.slice((page - 1) * pageSize, page * pageSize),
      total: rows.length,
      page,
      pageSize,
      totals: totalsOf(rows),
    };
  }

  private async rows(county: string | undefined, day: string): Promise<DayReceipt[]> {
    const stations = await this.areas.stations(county);
    const span = { stationIds: stations.map(({ id }) => id), from: day, to: addDays(day, 1) };
    const [readings, rejections, senders] = await Promise.all([
      this.receipts.readings(span),
      this.receipts.rejections(span),
      this.receipts.senders(span),
    ]);
    const readingsOf = new Map(readings.map((row) => [row.stationId, row]));
    const rejectionsOf = Map.groupBy(rejections, ({ stationId }) => stationId);
    const sendersOf = Map.groupBy(senders, ({ stationId }) => stationId);
    return stations.map(({ id, code, name, countyName, townshipName }) => {
      const counted = readingsOf.get(id);
      const own = sendersOf.get(id);
      const sum = (count: (typeof MESSAGE_COUNTS)[number]) =>
        (own ?? []).reduce((total, sender) => total + sender[count], 0);
      return {
        stationCode: code,
        stationName: name,
        countyName,
        townshipName,
        // Zero missing would be a claim that nobody can make where nobody numbers.
        messages: own
          ? {
              sent: sum('sent'),
              received: sum('received'),
              missing: sum('missing'),
              asked: sum('asked'),
              came: sum('came'),
              gaveUp: sum('gaveUp'),
            }
          : null,
        readings: counted
          ? { accepted: counted.accepted, duplicate: counted.duplicate, late: counted.late }
          : null,
        rejected: (rejectionsOf.get(id) ?? []).reduce((total, { times }) => total + times, 0),
      };
    });
  }
}

/** What lacks most is first; where nobody can say it comes after those of which it is known. */
function byMissing(a: DayReceipt, b: DayReceipt): number {
  return (
    (b.messages?.missing ?? -1) - (a.messages?.missing ?? -1) ||
    b.rejected - a.rejected ||
    (b.messages?.gaveUp ?? 0) - (a.messages?.gaveUp ?? 0) ||
    (a.stationCode < b.stationCode ? -1 : 1)
  );
}

function totalsOf(rows: readonly DayReceipt[]): DayReceipts['totals'] {
  const totals: DayReceipts['totals'] = {
    sent: 0,
    received: 0,
    missing: 0,
    asked: 0,
    came: 0,
    gaveUp: 0,
    accepted: 0,
    duplicate: 0,
    late: 0,
    rejected: 0,
    numbered: 0,
    silent: 0,
    lacking: 0,
  };
  for (const { messages, readings, rejected } of rows) {
    for (const name of MESSAGE_COUNTS) totals[name] += messages?.[name] ?? 0;
    for (const name of READING_COUNTS) totals[name] += readings?.[name] ?? 0;
    totals.rejected += rejected;
    if (messages) totals.numbered += 1;
    if (messages && messages.missing > 0) totals.lacking += 1;
    if (!messages && !readings && rejected === 0) totals.silent += 1;
  }
  return totals;
}
