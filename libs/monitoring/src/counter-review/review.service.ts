import { Inject, Injectable } from '@nestjs/common';
import {
  REVIEW_PAGE_SIZE,
  type ReviewDetail,
  type ReviewItem,
  type ReviewList,
  type ReviewQuery,
  type Signature,
  type SignedFix,
  type SignFix,
} from '#contracts';
import { DAY_MS, dayEnergy, dayStartMs, energyBetween, type CounterFix, type EnergyStep } from '#domain';
import { Database, postgresError, sql, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { fixOfRow } from './counter-context.ts';
import { CounterReader } from './counter-reader.ts';
import { insertFix, ReviewRepository, type ProposalRow, type SignedFixRow } from './review.repository.ts';
import { itemView, signedFixView } from './review-views.ts';
import { markDirty, requireReadings, touchedDays, type StationDay } from './touched-days.ts';

/** Raw readings on each side of an item: an hour at five minutes. */
const READINGS_EACH_SIDE = 12;
/** The effect of a change of scale is worked out over so many days at most; the roll-up has no such end. */
const EFFECT_DAYS_MAX = 92;

/**
 * The anomaly inbox. An item is open until a person signs a fix or dismisses it; the signature can be taken back, and
 * is stamped then, never deleted. Readings stay as they are: the roll-up works out the days under what is in force.
 */
@Injectable()
export class CounterReviewService {
  private readonly repository: ReviewRepository;
  private readonly reader: CounterReader;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new ReviewRepository(database);
    this.reader = new CounterReader(database);
  }

  async list({ state, station, page }: ReviewQuery): Promise<ReviewList> {
    const [rows, counts] = await Promise.all([
      this.repository.list({
        isOpen: state === 'open',
        station,
        limit: REVIEW_PAGE_SIZE,
        offset: (page - 1) * REVIEW_PAGE_SIZE,
      }),
      this.repository.counts(station),
    ]);
    const fixes = await this.repository.fixesOf(
      rows.map(({ id }) => id),
      { onlyInForce: true },
    );
    const byProposal = new Map(fixes.map((fix) => [fix.proposalId, fix]));
    return {
      asOf: this.clock.now().toISOString(),
      items: rows.map((row) => itemView(row, byProposal.get(row.id))),
      total: counts[state],
      page,
      pageSize: REVIEW_PAGE_SIZE,
      counts,
    };
  }

  /** @throws ProblemError 404 `counter_review.not_found` */
  async detail(id: number): Promise<ReviewDetail> {
    const item = await this.found(id);
    const [readings, day, history, outcomes] = await Promise.all([
      this.repository.readingsAround(item.deviceId, item.at, READINGS_EACH_SIDE),
      this.repository.storedDay(item.deviceId, item.day),
      this.repository.fixesOf([id], { onlyInForce: false }),
      item.state === 'open' ? this.outcomes(item) : [],
    ]);
    const inForce = history.find(({ takenBackAt }) => takenBackAt === null);
    return {
      asOf: this.clock.now().toISOString(),
      item: itemView(item, inForce),
      readings: readings.map(({ measuredAt, receivedAt, totalWh, powerW }) => ({
        measuredAt: measuredAt.toISOString(),
        receivedAt: receivedAt.toISOString(),
        totalWh,
        powerW,
      })),
      day: {
        deviceWh: day?.deviceWh ?? null,
        deviceQuality: qualityOf(day?.deviceQuality),
        stationWh: day?.stationWh ?? null,
        stationQuality: qualityOf(day?.stationQuality),
        isPending: day?.isPending ?? false,
      },
      outcomes,
      history: history.map(signedFixView),
    };
  }

  /**
   * Signs one of the choices of an item. The same signature again gives the one that is there.
   * @throws ProblemError 404 `counter_review.not_found`, 409 `counter_review.settled` where something else was signed,
   *   409 `counter_review.gone` where readings have settled it, 409 `counter_review.readings_dropped`, 422 `counter_review.no_such_choice` and
   *   `counter_review.bad_until`
   */
  async fix(id: number, { choice, reason, signedBy, until }: SignFix): Promise<SignedFix> {
    const item = await this.found(id);
    const chosen = item.choices[choice]?.fix;
    if (!chosen) throw new ProblemError(422, 'counter_review.no_such_choice', `no choice ${choice}`);
    const fix = until === undefined ? chosen : withEnd(chosen, Date.parse(until));
    return this.sign(item, fix, { reason, signedBy });
  }

  /**
   * Signs that what is booked stands; that may be said of a day whose readings are dropped, too. The same signature
   * again gives the one that is there.
   * @throws ProblemError as `fix`
   */
  async dismiss(id: number, signature: Signature): Promise<SignedFix> {
    return this.sign(await this.found(id), null, signature);
  }

  /**
   * Takes a decision back; the item is open again. Doing so twice changes nothing more.
   * @throws ProblemError 404 `counter_fix.not_found`, 409 `counter_review.readings_dropped`
   */
  async takeBack(fixId: number, { reason, signedBy }: Signature): Promise<SignedFix> {
    const row = await this.repository.findFix(fixId);
    if (!row) throw new ProblemError(404, 'counter_fix.not_found', `no decision ${fixId}`);
    if (row.takenBackAt !== null) return signedFixView(row);
    const item = await this.found(row.proposalId);
    const fix = fixOfRow(row);
    const days = await this.daysOf(item, fix);
    await this.database.transaction(async (transaction) => {
      await markDirty(transaction, days);
      if (fix !== null) await requireReadings(transaction, this.firstOf(item, fix));
      const [taken] = await transaction.query<{ id: number }>(sql`
        update counter_fix set taken_back_reason = ${reason}, taken_back_by = ${signedBy},
          taken_back_at = ${this.clock.now()}::timestamptz
        where id = ${fixId} and taken_back_at is null
        returning id`);
      if (taken) await setState(transaction, item.id, 'open');
    });
    const after = await this.repository.findFix(fixId);
    return signedFixView(after ?? row);
  }

  private async sign(
    item: ProposalRow,
    fix: CounterFix | null,
    { reason, signedBy }: Signature,
  ): Promise<SignedFix> {
    const existing = await this.sameOrConflict(item, fix, { reason, signedBy });
    if (existing) return existing;
    if (item.state === 'gone')
      throw new ProblemError(409, 'counter_review.gone', 'the readings no longer show this');
    const effectWh = fix === null ? 0 : (await this.outcome(item, fix)).effectWh;
    const days = await this.daysOf(item, fix);
    try {
      await this.database.transaction(async (transaction) => {
        // The roll-up takes the days before the items as well, so that the two never wait for each other.
        await markDirty(transaction, days);
        if (fix !== null) await requireReadings(transaction, this.firstOf(item, fix));
        await insertFix(transaction, {
          proposalId: item.id,
          deviceId: item.deviceId,
          fix,
          at: item.at,
          effectWh,
          reason,
          signedBy,
          signedAt: this.clock.now(),
        });
        await setState(transaction, item.id, fix === null ? 'dismissed' : 'fixed');
      });
    } catch (error) {
      // Somebody else signed in the same moment.
      if (postgresError(error)?.constraint !== 'counter_fix_one_decision') throw error;
    }
    const signed = await this.sameOrConflict(item, fix, { reason, signedBy });
    if (!signed) throw new Error('a signed decision is not there');
    return signed;
  }

  /** The decision in force where it is the same, null where there is none. */
  private async sameOrConflict(
    item: ProposalRow,
    fix: CounterFix | null,
    signature: Signature,
  ): Promise<SignedFix | null> {
    const [inForce] = await this.repository.fixesOf([item.id], { onlyInForce: true });
    if (!inForce) return null;
    if (isSame(inForce, fix, signature)) return signedFixView(inForce);
    throw new ProblemError(
      409,
      'counter_review.settled',
      `signed by ${inForce.signedBy}; take that back before something else is signed`,
    );
  }

  private async found(id: number): Promise<ProposalRow> {
    const item = await this.repository.find(id);
    if (!item) throw new ProblemError(404, 'counter_review.not_found', `no item ${id}`);
    return item;
  }

  /** A change of scale reaches on to its end; everything else lies around its own instant. */
  private async daysOf(item: ProposalRow, fix: CounterFix | null): Promise<StationDay[]> {
    const span = reachOf(item, fix, this.clock.nowMs());
    const { deviceId } = item;
    return touchedDays(this.database, { deviceId, ...span, fromMs: this.firstOf(item, fix) });
  }

  private firstOf(item: ProposalRow, fix: CounterFix | null): number {
    return Math.min(item.at.getTime(), reachOf(item, fix, this.clock.nowMs()).fromMs);
  }

  private async outcomes(item: ProposalRow): Promise<ReviewDetail['outcomes']> {
    const outcomes: ReviewDetail['outcomes'] = [];
    for (const { fix } of item.choices) outcomes.push(await this.outcome(item, fix));
    return outcomes;
  }

  /** What a fix would change, worked out as the roll-up will do it. */
  private async outcome(item: ProposalRow, fix: CounterFix): Promise<ReviewDetail['outcomes'][number]> {
    const device = await this.repository.countedDevice(item.deviceId);
    if (!device) return { effectWh: 0, deviceWh: null };
    const startMs = dayStartMs(item.day);
    const { toMs } = reachOf(item, fix, this.clock.nowMs());
    const endMs = Math.min(Math.max(toMs, startMs + DAY_MS), startMs + EFFECT_DAYS_MAX * DAY_MS);
    // A day more on each side, so that a step across midnight is wholly in it.
    const fromMs = startMs - DAY_MS;
    const toEndMs = endMs + DAY_MS;
    const span = { from: new Date(fromMs), to: new Date(toEndMs) };
    const stepsWith = async (fixes: readonly CounterFix[]): Promise<EnergyStep[]> => {
      const counters = await this.reader.read([device], span, new Map([[device.deviceId, fixes]]));
      return counters.get(device.deviceId)?.counter.steps ?? [];
    };
    const sumOf = (steps: readonly EnergyStep[]) =>
      steps.reduce((sum, step) => sum + energyBetween(step, fromMs, toEndMs), 0);
    const now = await stepsWith([]);
    const then = await stepsWith([fix]);
    return { effectWh: sumOf(then) - sumOf(now), deviceWh: dayEnergy(then, startMs).energyWh };
  }
}

function reachOf(item: ProposalRow, fix: CounterFix | null, nowMs: number) {
  const atMs = item.at.getTime();
  if (fix === null) return { fromMs: atMs, toMs: atMs, isLong: false };
  if (fix.kind === 'scale') return { fromMs: fix.fromMs, toMs: fix.toMs ?? nowMs, isLong: true };
  const fromMs = 'fromMs' in fix ? fix.fromMs : fix.atMs;
  // Until a change of scale is decided, later days are booked in the smaller one.
  if (item.kind === 'scale_change') return { fromMs, toMs: Math.max(nowMs, fromMs), isLong: true };
  return { fromMs, toMs: 'toMs' in fix ? fix.toMs : fromMs, isLong: false };
}

function withEnd(fix: CounterFix, untilMs: number): CounterFix {
  if (fix.kind !== 'scale')
    throw new ProblemError(422, 'counter_review.bad_until', 'only a change of scale has an end');
  if (untilMs <= fix.fromMs)
    throw new ProblemError(422, 'counter_review.bad_until', 'the end must be after the begin');
  return { ...fix, toMs: untilMs };
}

function isSame(row: SignedFixRow, fix: CounterFix | null, { reason, signedBy }: Signature): boolean {
  const isSameFix = JSON.stringify(sorted(fixOfRow(row))) === JSON.stringify(sorted(fix));
  return isSameFix && row.reason === reason && row.signedBy === signedBy;
}

const sorted = (fix: CounterFix | null) =>
  fix === null ? null : Object.entries(fix).sort(([a], [b]) => a.localeCompare(b));

const qualityOf = (quality: string | null | undefined) =>
  (quality ?? null) as ReviewDetail['day']['deviceQuality'];

async function setState(transaction: Queryable, id: number, state: ReviewItem['state']): Promise<void> {
  await transaction.query(sql`update counter_proposal set state = ${state} where id = ${id}`);
}
