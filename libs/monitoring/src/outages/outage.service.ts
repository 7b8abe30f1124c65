import { Inject, Injectable } from '@nestjs/common';
import {
  outageKindSchema,
  type Outage,
  type OutageEntry,
  type OutageList,
  type OutageQuery,
  type OutageState,
} from '#contracts';
import { Database, join, sql, type Sql } from '#persistence';
import { Clock, ProblemError } from '#platform';

/** An outage may be said this long afterwards, ms: further back nothing is judged again (memories of 105 days). */
const BACK_MAX_MS = 105 * 86_400_000;
/** Nobody plans further ahead, ms. */
const AHEAD_MAX_MS = 366 * 86_400_000;

interface OutageRow {
  id: number;
  kind: string;
  countyCode: string | null;
  stationCode: string | null;
  placeName: string | null;
  fromAt: Date;
  toAt: Date | null;
  reason: string;
  registeredBy: string;
  registeredAt: Date;
  cancelledBy: string | null;
  cancelledAt: Date | null;
}

/**
 * Outages: stretches in which a station, a county or the city is known not to generate as usual. While one lasts nothing
 * new is raised for what it covers, and days of it are neither learned nor held against a station (domain.md 3.2, quiet
 * rules). Rows are added, ended and cancelled; the database refuses everything else.
 */
@Injectable()
export class OutageService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** A page, the one that begins last first. */
  async list(query: OutageQuery): Promise<OutageList> {
    const now = this.clock.now();
    const where = this.matches(query, now);
    const [counted, rows] = await Promise.all([
      this.database.query<{ total: number }>(sql`
        select count(*)::int as total
        from registered_outage o
        left join station s on s.id = o.station_id
        left join township t on t.code = s.township_code
        where ${where}`),
      this.read(where, { limit: query.pageSize, offset: (query.page - 1) * query.pageSize }),
    ]);
    return {
      asOf: now.toISOString(),
      items: rows.map((row) => viewOf(row, now)),
      total: counted[0]?.total ?? 0,
      page: query.page,
      pageSize: query.pageSize,
    };
  }

  /**
   * Registers one; the same action key is one outage.
   * @throws ProblemError 404 `registry.unknown_place`, 409 `outage.key_reused`, 422 `outage.too_far` where it begins more
   *   than 105 days ago or a year ahead
   */
  async register(entry: OutageEntry, who: { name: string }): Promise<Outage> {
    const awayMs = Date.parse(entry.fromAt) - this.clock.nowMs();
    if (awayMs < -BACK_MAX_MS || awayMs > AHEAD_MAX_MS)
      throw new ProblemError(
        422,
        'outage.too_far',
        'an outage begins at most 105 days ago and a year from now',
      );
    const [row] = await this.database.query<{ id: number }>(sql`
      insert into registered_outage (county_code, station_id, kind, from_at, to_at, reason, registered_by,
        registered_at, action_key)
      select c.code, s.id, ${entry.kind}, ${entry.fromAt}::timestamptz, ${entry.toAt}::timestamptz, ${entry.reason},
        ${who.name}, ${this.clock.now()}::timestamptz, ${entry.actionKey}::uuid
      from (values (${entry.county}::text, ${entry.station}::text)) as given (county, station)
      left join county c on c.code = given.county
      left join station s on s.code = given.station
      where (given.county is null) = (c.code is null) and (given.station is null) = (s.id is null)
      on conflict (action_key) do nothing
      returning id`);
    return row ? this.find(sql`o.id = ${row.id}::int`) : this.known(entry);
  }

  /**
   * Says the end of one that lasts.
   * @throws ProblemError 404 `outage.unknown`, 409 `outage.has_end` where it is ended or cancelled already, 422
   *   `outage.span` where the end is not after its beginning
   */
  async end(id: number, toAt: string, who: { name: string }): Promise<Outage> {
    const outage = await this.find(sql`o.id = ${id}::int`, id);
    if (outage.toAt !== null && Date.parse(outage.toAt) === Date.parse(toAt)) return outage;
    if (outage.toAt !== null || outage.cancelledAt !== null)
      throw new ProblemError(409, 'outage.has_end', 'the outage has an end or is cancelled');
    if (Date.parse(toAt) <= Date.parse(outage.fromAt))
      throw new ProblemError(422, 'outage.span', 'the end is not after the beginning');
    await this.database.query(sql`
      update registered_outage
      set to_at = ${toAt}::timestamptz, ended_by = ${who.name}, ended_at = ${this.clock.now()}::timestamptz
      where id = ${id}::int and to_at is null and cancelled_at is null`);
    return this.find(sql`o.id = ${id}::int`, id);
  }

  /** It stays, with a stamp; cancelling twice is the same. @throws ProblemError 404 `outage.unknown` */
  async cancel(id: number, who: { name: string }): Promise<Outage> {
    await this.database.query(sql`
      update registered_outage
      set cancelled_at = ${this.clock.now()}::timestamptz, cancelled_by = ${who.name}
      where id = ${id}::int and cancelled_at is null`);
    return this.find(sql`o.id = ${id}::int`, id);
  }

  /** Nothing was added: the key is known, or the place is not. */
  private async known(entry: OutageEntry): Promise<Outage> {
    const [row] = await this.read(sql`o.action_key = ${entry.actionKey}::uuid`);
    if (!row) throw new ProblemError(404, 'registry.unknown_place', 'there is no such county or station');
    const isSame =
      row.kind === entry.kind &&
      row.stationCode === entry.station &&
      (entry.station !== null || row.countyCode === entry.county) &&
      row.fromAt.getTime() === Date.parse(entry.fromAt) &&
      row.reason === entry.reason;
    if (!isSame) throw new ProblemError(409, 'outage.key_reused', 'this key belongs to another action');
    return viewOf(row, this.clock.now());
  }

  private async find(condition: Sql, id?: number): Promise<Outage> {
    const [row] = await this.read(condition);
    if (!row) throw new ProblemError(404, 'outage.unknown', `there is no outage ${id ?? ''}`);
    return viewOf(row, this.clock.now());
  }

  private matches(query: OutageQuery, now: Date): Sql {
    const isCity = sql`(o.station_id is null and o.county_code is null)`;
    const conditions = [sql`true`];
    if (query.county !== undefined)
      conditions.push(sql`(coalesce(o.county_code, t.county_code) = ${query.county}::text or ${isCity})`);
    if (query.station !== undefined)
      conditions.push(sql`(s.code = ${query.station}::text or ${isCity} or o.county_code = (
        select place.county_code
        from station own
        join township place on place.code = own.township_code
        where own.code = ${query.station}::text))`);
    if (query.state === 'open')
      conditions.push(sql`o.cancelled_at is null and (o.to_at is null or o.to_at > ${now}::timestamptz)`);
    return join(conditions, ' and ');
  }

  private read(condition: Sql, page = { limit: 1, offset: 0 }): Promise<OutageRow[]> {
    return this.database.query<OutageRow>(sql`
      select o.id, o.kind, coalesce(o.county_code, t.county_code) as "countyCode", s.code as "stationCode",
        coalesce(s.name, c.name) as "placeName", o.from_at as "fromAt", o.to_at as "toAt", o.reason,
        o.registered_by as "registeredBy", o.registered_at as "registeredAt", o.cancelled_by as "cancelledBy",
        o.cancelled_at as "cancelledAt"
      from registered_outage o
      left join station s on s.id = o.station_id
      left join township t on t.code = s.township_code
      left join county c on c.code = o.county_code
      where ${condition}
      order by o.from_at desc, o.id desc
      limit ${page.limit}::int offset ${page.offset}::int`);
  }
}

function stateOf(row: OutageRow, now: Date): OutageState {
  if (row.cancelledAt !== null) return 'cancelled';
  if (row.fromAt > now) return 'coming';
  return row.toAt === null || row.toAt > now ? 'running' : 'over';
}

const viewOf = (row: OutageRow, now: Date): Outage => ({
  ...row,
  kind: outageKindSchema.parse(row.kind),
  state: stateOf(row, now),
  fromAt: row.fromAt.toISOString(),
  toAt: row.toAt?.toISOString() ?? null,
  registeredAt: row.registeredAt.toISOString(),
  cancelledAt: row.cancelledAt?.toISOString() ?? null,
});
