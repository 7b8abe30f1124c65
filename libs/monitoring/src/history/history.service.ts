import { Inject, Injectable } from '@nestjs/common';
import {
  DEVICE_STATUS_CODES,
  SERIES_POINTS_MAX,
  stationEventSchema,
  type CompareQuery,
  type StationCompare,
  type StationDay,
  type StationEvent,
  type StationReadings,
  type StationReadingsQuery,
  type StationScreen,
  type StationTrace,
  type StationTraceQuery,
} from '#contracts';
import { addDays, DAY_MS, dayOf, daysBetween, dayStartMs, QUARTER_HOUR_MS, sunTimes } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { FleetService } from '../fleet.service.ts';
import { CITY_PLACE } from '../places.ts';
import { StationService } from '../station.service.ts';
import { hoursOfEnergy, rounded, type StationView } from '../station-view.ts';
import { downSample, type SeriesPoint } from './down-sample.ts';
import { HistoryRepository, type EventRow, type ReadingRow } from './history.repository.ts';
import { stringsByDeviation } from './strings.ts';

const SLOTS_PER_DAY = DAY_MS / QUARTER_HOUR_MS;
const HOUR_MS = 3_600_000;
/** Three reporting intervals: beyond this nothing is known between two readings. */
const TRACE_GAP_MS = 15 * 60_000;
/** Bits of `reading.flags` (ingestion). */
const FLAGS = [
  { bit: 1, name: 'field_rejected' },
  { bit: 2, name: 'historical' },
  { bit: 4, name: 'time_of_receipt' },
] as const;

const statusNames = new Map(Object.entries(DEVICE_STATUS_CODES).map(([name, code]) => [code, name]));

/** Days, events, raw readings and comparisons of single stations. */
@Injectable()
export class HistoryService {
  private readonly repository: HistoryRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(FleetService) private readonly fleet: FleetService,
    @Inject(StationService) private readonly stations: StationService,
  ) {
    this.repository = new HistoryRepository(database);
  }

  /** The page of a station at once. @returns null where there is no such station. */
  async screen(code: string, day: string | undefined): Promise<StationScreen | null> {
    const [detail, shownDay] = await Promise.all([this.stations.detail(code), this.day(code, day)]);
    return detail && shownDay ? { detail, day: shownDay } : null;
  }

  /** One day, today where none is named. @returns null where there is no such station. */
  async day(code: string, asked: string | undefined): Promise<StationDay | null> {
    const view = await this.view(code);
    if (!view) return null;
    const stationId = view.station.id;
    const day = asked ?? dayOf(this.clock.nowMs());
    const span = spanOf(day, addDays(day, 1));
    const [power, events, strings] = await Promise.all([
      this.stations.power(code, day),
      this.repository.events(stationId, { ...span, fromDay: day, toDay: addDays(day, 1) }),
      this.repository.devices(stationId).then((devices) => this.repository.strings(devices, span)),
    ]);
    if (!power) return null;
    return { power, events: events.map(eventOf), strings: stringsByDeviation(strings) };
  }

  /** Readings as stored. @returns null where there is no such station, or it has no such device. */
  async readings(code: string, query: StationReadingsQuery): Promise<StationReadings | null> {
    const view = await this.view(code);
    if (!view) return null;
    const devices = await this.repository.devices(view.station.id);
    const asked = devices.filter((device) => query.device === undefined || device.code === query.device);
    if (asked.length === 0 && query.device !== undefined) return null;
    const { total, rows } = await this.repository.readings(
      asked.map(({ id }) => id),
      { ...spanOf(query.day, addDays(query.day, 1)), offset: query.offset, limit: query.limit },
    );
    return {
      stationCode: code,
      day: query.day,
      total,
      offset: query.offset,
      limit: query.limit,
      devices: devices.map((device) => ({ code: device.code, kind: device.kind })),
      items: rows.map(readingOf),
    };
  }

  /** Power of a device over days, at most 1,500 points. @returns null where there is no such station or device. */
  async trace(code: string, query: StationTraceQuery): Promise<StationTrace | null> {
    const view = await this.view(code);
    if (!view) return null;
    const devices = await this.repository.devices(view.station.id);
    const device = devices.find((each) => each.code === query.device);
    if (!device) return null;
    const rows = await this.repository.trace(device.id, spanOf(query.from, query.to));
    return {
      stationCode: code,
      deviceCode: device.code,
      readings: rows.length,
      points: downSample(withGaps(rows), SERIES_POINTS_MAX).map(({ atMs, value }) => ({
        at: new Date(atMs).toISOString(),
        powerW: value,
      })),
    };
  }

  /** Stations side by side over a day and its month, each by its installed power. */
  async compare(query: CompareQuery): Promise<StationCompare> {
    const nowMs = this.clock.nowMs();
    const today = dayOf(nowMs);
    const day = query.day ?? today;
    const views = await this.fleet.stationViews();
    const chosen = query.stations.flatMap((code) => views.find(({ station }) => station.code === code) ?? []);
    const ids = chosen.map(({ station }) => station.id);
    const days = daysOfMonth(day).filter((each) => each <= today);
    const month = { from: days[0] ?? day, to: addDays(days.at(-1) ?? day, 1) };
    const [slots, energies] = await Promise.all([
      this.repository.quarterHoursOf(ids, spanOf(day, addDays(day, 1))),
      this.repository.daysOf(ids, month),
    ]);
    const sun = sunTimes({ day, ...CITY_PLACE });
    const slotOf = new Map(slots.map((row) => [`${row.stationId} ${row.startsAt.getTime()}`, row.energyWh]));
    const dayEnergyOf = new Map(energies.map((row) => [`${row.stationId} ${row.day}`, row.energyWh]));
    return {
      day,
      asOf: new Date(nowMs).toISOString(),
      sunriseAt: new Date(sun.sunriseMs).toISOString(),
      sunsetAt: new Date(sun.sunsetMs).toISOString(),
      firstSlotAt: new Date(dayStartMs(day)).toISOString(),
      days,
      unknown: query.stations.filter((code) => !chosen.some(({ station }) => station.code === code)),
      stations: chosen.map(({ station }) => {
        const known = days.map((each) => dayEnergyOf.get(`${station.id} ${each}`) ?? null);
        const counted = known.filter((energyWh) => energyWh !== null);
        return {
          code: station.code,
          name: station.name,
          countyName: station.countyName,
          capacityW: station.capacityW,
          powerShare: Array.from({ length: SLOTS_PER_DAY }, (_, slot) => {
            const energyWh = slotOf.get(`${station.id} ${dayStartMs(day) + slot * QUARTER_HOUR_MS}`);
            return energyWh === undefined
              ? null
              : rounded((energyWh * HOUR_MS) / QUARTER_HOUR_MS / station.capacityW);
          }),
          dayHours: hoursOfEnergy(dayEnergyOf.get(`${station.id} ${day}`) ?? null, station.capacityW),
          monthHours: hoursOfEnergy(
            counted.length === 0 ? null : counted.reduce((sum, energyWh) => sum + energyWh, 0),
            station.capacityW,
          ),
          daysCounted: counted.length,
          hours: known.map((energyWh) => hoursOfEnergy(energyWh, station.capacityW)),
        };
      }),
    };
  }

  private async view(code: string): Promise<StationView | undefined> {
    const views = await this.fleet.stationViews();
    return views.find(({ station }) => station.code === code);
  }
}

const spanOf = (fromDay: string, toDay: string) => ({
  from: new Date(dayStartMs(fromDay)),
  to: new Date(dayStartMs(toDay)),
});

function daysOfMonth(day: string): string[] {
  const first = `${day.slice(0, 7)}-01`;
  return daysBetween(first, `${addDays(first, 31).slice(0, 7)}-01`);
}

/** A null where readings stay out for longer than three intervals. */
function withGaps(rows: readonly { atMs: number; powerW: number | null }[]): SeriesPoint[] {
  return rows.flatMap(({ atMs, powerW }, index) => {
    const before = rows[index - 1];
    const gap =
      before && atMs - before.atMs > TRACE_GAP_MS ? [{ atMs: before.atMs + TRACE_GAP_MS, value: null }] : [];
    return [...gap, { atMs, value: powerW }];
  });
}

function eventOf(row: EventRow): StationEvent {
  const { kind, code, fromAt, toAt, isOpen, deviceCode, text, energyWh } = row;
  return {
    kind: stationEventSchema.shape.kind.parse(kind),
    code,
    fromAt: fromAt.toISOString(),
    toAt: toAt?.toISOString() ?? null,
    isOpen,
    deviceCode,
    text,
    energyWh,
    link: linkOf(row),
  };
}

function linkOf({ kind, itemId }: EventRow): string | null {
  if (kind === 'exchange' || kind === 'move') return '/review?tab=records';
  if (itemId === null) return null;
  if (kind === 'counter' || kind === 'fix') return `/review?item=${itemId}`;
  if (kind === 'alarm') return `/alarms?alarm=${itemId}`;
  return kind === 'work_order' ? `/work-orders/${itemId}` : null;
}

const scaled = (value: number | null, divisor: number) => (value === null ? null : value / divisor);
const scaledAll = (values: (number | null)[] | null, divisor: number) =>
  values?.map((value) => scaled(value, divisor)) ?? null;

function readingOf(row: ReadingRow): StationReadings['items'][number] {
  return {
    deviceCode: row.deviceCode,
    measuredAt: row.measuredAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    powerW: row.powerW,
    energyTotalWh: row.energyTotalWh,
    energyDayWh: row.energyDayWh,
    temperatureC: scaled(row.temperatureDc, 10),
    frequencyHz: scaled(row.frequencyChz, 100),
    lineVoltagesV: scaledAll(row.lineVoltagesDv, 10),
    phaseCurrentsA: scaledAll(row.phaseCurrentsCa, 100),
    stringCurrentsA: scaledAll(row.stringCurrentsCa, 100),
    status: row.status === null ? null : (statusNames.get(row.status) ?? null),
    faultCode: row.faultCode,
    seq: row.seq,
    flags: FLAGS.filter(({ bit }) => (row.flags & bit) !== 0).map(({ name }) => name),
  };
}
