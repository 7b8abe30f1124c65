import { Inject, Injectable } from '@nestjs/common';
import {
  expectedCauseSchema,
  expectedEvidenceSchema,
  expectedVerdictSchema,
  INDICATOR_DEFINITIONS,
  notJudgedSchema,
  skyClassSchema,
  type ExpectedFleet,
  type ExpectedStation,
  type ExpectedVerdict,
  type Indicator,
  type IndicatorId,
} from '#contracts';
import { addDays, attainment, attainmentRate, dayOf } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { Cached } from '../cached.ts';
import { figuresOf } from './day-rows.ts';
import { deviceFactsSchema, stationModelSchema } from './expected-types.ts';
import { ExpectedViewRepository, type StoredDay } from './expected-view.repository.ts';

/** The rows change every five minutes; whole answers are half a megabyte and shared by whoever asks meanwhile. */
const FLEET_CACHE = { maxAgeMs: 10_000, staleMs: 60_000 };
const FLEETS_KEPT = 12;
const DAYS_SHOWN = 60;
const NEIGHBOURS_SHOWN = 8;
const LOSING: readonly ExpectedVerdict[] = ['low', 'very_low', 'zero'];

/** What is stored of the expected output, as it is shown. */
@Injectable()
export class ExpectedViewService {
  private readonly repository: ExpectedViewRepository;
  private readonly fleets = new Map<string, Cached<ExpectedFleet>>();

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.repository = new ExpectedViewRepository(database);
  }

  /** A row a station of a day, the worst loss first; empty where nothing was judged. */
  async fleet(query: { county?: string | undefined; day?: string | undefined }): Promise<ExpectedFleet> {
    const day = query.day ?? dayOf(this.clock.nowMs());
    const county = query.county ?? null;
    const key = `${day} ${county ?? ''}`;
    const known = this.fleets.get(key) ?? new Cached(FLEET_CACHE, () => this.readFleet(day, county));
    const oldest = this.fleets.keys().next();
    if (this.fleets.size >= FLEETS_KEPT && !oldest.done) this.fleets.delete(oldest.value);
    this.fleets.set(key, known);
    return known.get();
  }

  private async readFleet(day: string, county: string | null): Promise<ExpectedFleet> {
    const rows = await this.repository.fleetDay(day, county);
    const judged = rows.filter(({ expectedEnergyWh }) => expectedEnergyWh !== null);
    const losing = rows.filter(({ verdict }) => LOSING.some((bad) => bad === verdict));
    const byVerdict = new Map<string, number>(expectedVerdictSchema.options.map((verdict) => [verdict, 0]));
    for (const { verdict } of rows) byVerdict.set(verdict, (byVerdict.get(verdict) ?? 0) + 1);
    const counted = judged.filter(({ verdict }) => verdict !== 'excluded');
    const rate = attainmentRate(counted.map((row) => ratioOf(row)));
    const known = judged.filter(({ energyWh }) => energyWh !== null);
    return {
      day,
      asOf: this.clock.now().toISOString(),
      modelVersion: rows[0]?.version ?? null,
      totals: {
        stations: rows.length,
        judged: judged.length,
        byVerdict: verdictCounts(byVerdict),
        energyWh: sumOrNull(known.map(({ energyWh }) => energyWh ?? 0)),
        expectedEnergyWh: sumOrNull(judged.map(({ expectedEnergyWh }) => expectedEnergyWh ?? 0)),
        lostEnergyWh: losing.reduce((sum, { lostEnergyWh }) => sum + (lostEnergyWh ?? 0), 0),
        lostAmountFen: losing
          .reduce((sum, { lostAmountFen }) => sum + BigInt(lostAmountFen ?? '0'), 0n)
          .toString(),
        indicators: [indicator('attainment_rate.1', rate.share, { count: rate.count, of: rate.of })],
      },
      items: rows.map(({ code, name, countyCode, townshipName, capacityW, ...row }) => ({
        code,
        name,
        countyCode,
        townshipName,
        capacityW,
        ...judgementOf(row),
        indicators: indicatorsOf(row, capacityW),
      })),
    };
  }

  /** @returns null where there is no such station. */
  async station(code: string, asked: string | undefined): Promise<ExpectedStation | null> {
    const station = await this.repository.station(code);
    if (!station) return null;
    const { stationId, capacityW } = station;
    const day = asked ?? dayOf(this.clock.nowMs());
    const [days, curve, neighbours, model] = await Promise.all([
      this.repository.days(stationId, { from: addDays(day, 1 - DAYS_SHOWN), to: day }),
      this.repository.curve(stationId, day),
      this.repository.neighbours(stationId, { day, limit: NEIGHBOURS_SHOWN }),
      this.repository.model(stationId),
    ]);
    const row = days.find((one) => one.day === day);
    return {
      stationCode: code,
      day,
      asOf: this.clock.now().toISOString(),
      modelVersion: row?.version ?? model?.version ?? null,
      judgement: row ? { ...judgementOf(row), evidence: numbersOf(row.evidence) } : null,
      indicators: row ? indicatorsOf(row, capacityW) : [],
      curve: curve && {
        ...curve,
        firstSlotAt: curve.firstSlotAt.toISOString(),
        slotMinutes: 15,
        computedAt: curve.computedAt.toISOString(),
      },
      neighbours: neighbours.map(({ verdict, ...near }) => ({
        ...near,
        verdict: verdict === null ? null : expectedVerdictSchema.parse(verdict),
      })),
      model: model && modelView(model),
      days: days.map((one) => ({
        day: one.day,
        energyWh: one.energyWh,
        expectedEnergyWh: one.expectedEnergyWh,
        lowEnergyWh: one.lowEnergyWh,
        highEnergyWh: one.highEnergyWh,
        verdict: expectedVerdictSchema.parse(one.verdict),
        cause: one.cause === null ? null : expectedCauseSchema.parse(one.cause),
        lostEnergyWh: one.lostEnergyWh,
      })),
    };
  }
}

function modelView({ model, fittedAt }: { model: unknown; fittedAt: Date }): ExpectedStation['model'] {
  const { tiltDeg, azimuthDeg, limitW, fittedDays } = stationModelSchema.parse(model);
  return {
    tiltDeg,
    azimuthDeg,
    limitW: limitW === null ? null : Math.round(limitW),
    fittedDays,
    fittedAt: fittedAt.toISOString(),
  };
}

/** Today's expected energy is of the quarter hours that are over, the measured may be newer: what was compared decides. */
const ratioOf = (row: StoredDay): number | null =>
  row.isFinal ? attainment(row.energyWh, row.expectedEnergyWh) : row.ratio;

function judgementOf(row: StoredDay) {
  return {
    verdict: expectedVerdictSchema.parse(row.verdict),
    notJudgedBecause:
      row.verdict === 'not_judged' ? (notJudgedSchema.safeParse(reasonOf(row.evidence)).data ?? null) : null,
    cause: row.cause === null ? null : expectedCauseSchema.parse(row.cause),
    sinceDay: row.sinceDay,
    energyWh: row.energyWh,
    comparedEnergyWh: row.comparedEnergyWh,
    comparedExpectedWh: row.comparedExpectedWh,
    expectedEnergyWh: row.expectedEnergyWh,
    lowEnergyWh: row.lowEnergyWh,
    highEnergyWh: row.highEnergyWh,
    ratio: row.ratio,
    lostEnergyWh: row.lostEnergyWh,
    lostAmountFen: row.lostAmountFen,
    skyClass: row.skyClass === null ? null : skyClassSchema.parse(row.skyClass),
    peers: row.peers,
    isFinal: row.isFinal,
    computedAt: row.computedAt.toISOString(),
  };
}

function reasonOf(evidence: unknown): unknown {
  return typeof evidence === 'object' && evidence !== null && 'reason' in evidence ? evidence.reason : null;
}

function numbersOf(evidence: unknown): Record<string, number> {
  if (typeof evidence !== 'object' || evidence === null) return {};
  return expectedEvidenceSchema.parse(
    Object.fromEntries(Object.entries(evidence).filter(([, value]) => typeof value === 'number')),
  );
}

function indicatorsOf(row: StoredDay, capacityW: number): Indicator[] {
  const facts = deviceFactsSchema.parse(row.indicators);
  const { energyWh, lostEnergyWh, lostAmountFen } = row;
  const figures = figuresOf({ energyWh, capacityW, expectedWh: row.expectedEnergyWh, facts });
  const { receivedSlots, dueSlots } = facts;
  const online =
    receivedSlots === null || dueSlots === null || dueSlots === 0
      ? null
      : Math.min(1, receivedSlots / dueSlots);
  return [
    indicator('full_load_hours.1', figures.fullLoadHours),
    indicator('attainment.1', ratioOf(row)),
    indicator('online_rate.1', online, online === null ? null : { count: receivedSlots, of: dueSlots }),
    indicator('availability.1', facts.availability),
    indicator('string_dispersion.1', facts.dispersion),
    indicator('meter_difference.1', figures.meterDifference),
    indicator('lost_energy.1', lostEnergyWh),
    indicator('lost_amount.1', lostAmountFen === null ? null : Number(lostAmountFen)),
  ];
}

function indicator(
  id: IndicatorId,
  value: number | null,
  share: { count: number | null; of: number | null } | null = null,
): Indicator {
  return {
    id,
    value,
    unit: INDICATOR_DEFINITIONS[id].unit,
    count: share?.count ?? null,
    of: share?.of ?? null,
  };
}

const sumOrNull = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);

function verdictCounts(counts: ReadonlyMap<string, number>): Record<ExpectedVerdict, number> {
  const of = (verdict: ExpectedVerdict): number => counts.get(verdict) ?? 0;
  return {
    normal: of('normal'),
    watch: of('watch'),
    low: of('low'),
    very_low: of('very_low'),
    zero: of('zero'),
    excluded: of('excluded'),
    learning: of('learning'),
    not_judged: of('not_judged'),
  };
}
