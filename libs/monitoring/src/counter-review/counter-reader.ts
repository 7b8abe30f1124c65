import {
  counterEnergy,
  DAY_MS,
  type CounterEvent,
  type CounterFix,
  type CounterResult,
  type CounterSample,
  type PowerSample,
} from '#domain';
import type { Database } from '#persistence';
import { findingKey, readContexts, type Decision, type DeviceContext } from './counter-context.ts';
import { daylightAt, type Place } from './daylight.ts';
import {
  BOUNDARY_SAMPLES,
  readDayCounters,
  readDevices,
  type DeviceReadings,
  type Span,
  type Stretch,
} from './device-readings.ts';
import { reachDays } from './reach-days.ts';
import { standsStillAcross } from './still-across.ts';

export interface CountedDevice extends Place {
  deviceId: number;
  stationId: number;
  kind: 'inverter' | 'meter';
  ratedPowerW: number;
  /** Null where the register's end is not known. */
  modulusWh: number | null;
}

/** An event, with what a person decided about it. */
export interface ReviewedEvent extends CounterEvent {
  decision: Decision | null;
}

/** What the counter engine says under everything that was signed. */
export interface ReviewedCounter extends CounterResult {
  events: ReviewedEvent[];
}

export interface DeviceCounter {
  counter: ReviewedCounter;
  powers: readonly PowerSample[];
  /** Counters that the device clears every day; read only where it has no lifetime counter. */
  dayCounters: readonly CounterSample[];
}

/**
 * Where a doubt reaches the end of the readings of a span, so many days more are read; and more of them while a counter
 * stands still up to their end, as far as a day reaches at all.
 */
const WIDER_DAYS = [3, 9, 27];
/** After a jump the readings of so long show that the counter went on, across a night. */
const ANCHOR_MS = 2 * DAY_MS;

const NOTHING_SIGNED: DeviceContext = { records: [], fixes: [], decisions: new Map(), openScalesMs: [] };

/** The one way in which counters become energy: the roll-up and what a person is shown before signing are the same. */
export class CounterReader {
  constructor(private readonly database: Database) {}

  /**
   * Counters of the devices over a span, by device; those without any reading are left out.
   * @param trial fixes that are tried out, by device, after those in force.
   */
  async read(
    devices: readonly CountedDevice[],
    span: Span,
    trial: ReadonlyMap<number, readonly CounterFix[]> = new Map(),
  ): Promise<Map<number, DeviceCounter>> {
    const deviceIds = devices.map(({ deviceId }) => deviceId);
    const contexts = await readContexts(this.database, deviceIds);
    const contextOf = (deviceId: number): DeviceContext => {
      const context = contexts.get(deviceId) ?? NOTHING_SIGNED;
      const tried = trial.get(deviceId);
      return tried ? { ...context, fixes: [...context.fixes, ...tried] } : context;
    };
    const reach = await reachDays(this.database);
    const limits = widened(span, reach);
    const readAround = (ids: readonly number[], window: Span) =>
      readDevices(this.database, {
        deviceIds: ids,
        span: window,
        limits,
        stretches: ids.flatMap((id) => anchorsOf(id, contextOf(id), window)),
      });
    const readings = await readAround(deviceIds, span);
    const daylights = new Map<number, (atMs: number) => boolean>();
    const found = new Map<number, DeviceCounter>();
    const judge = (device: CountedDevice, { counters, powers }: DeviceReadings) => {
      const daylight = daylights.get(device.stationId) ?? daylightAt(device);
      daylights.set(device.stationId, daylight);
      const context = contextOf(device.deviceId);
      const begun = withSignedBegin(counters, context, { fromMs: span.from.getTime(), limits });
      const counter = counterOf(device, begun, context, daylight);
      found.set(device.deviceId, { counter, powers, dayCounters: [] });
      return counter;
    };
    const isStill = (device: CountedDevice, own: DeviceReadings, counter: ReviewedCounter, window: Span) =>
      standsStillAcross({
        counter,
        ratedPowerW: device.ratedPowerW,
        samples: own.counters,
        span,
        window,
        fixes: contextOf(device.deviceId).fixes,
      });
    const inDoubt = devices.filter((device) => {
      const own = readings.get(device.deviceId);
      if (!own) return false;
      const counter = judge(device, own);
      return reachesOut(counter, own.counters, span) || isStill(device, own, counter, span);
    });
    await this.addDayCounters(
      devices.filter(({ deviceId }) => !readings.get(deviceId)?.counters.length),
      span,
      found,
    );
    const windows = [...WIDER_DAYS, reach].map((days) => widened(span, days));
    await lookFurther({
      inDoubt,
      windows,
      readAround,
      isOpen: (device, own, window) => isStill(device, own, judge(device, own), window),
    });
    return found;
  }

  private async addDayCounters(
    devices: readonly CountedDevice[],
    span: Span,
    found: Map<number, DeviceCounter>,
  ): Promise<void> {
    if (devices.length === 0) return;
    const ids = devices.map(({ deviceId }) => deviceId);
    for (const [deviceId, dayCounters] of await readDayCounters(this.database, ids, span)) {
      const known = found.get(deviceId) ?? { counter: NOTHING_COUNTED, powers: [] };
      found.set(deviceId, { ...known, dayCounters });
    }
  }
}

/** Reads window after window for the devices in doubt, until none of them is open any more. */
async function lookFurther(question: {
  inDoubt: readonly CountedDevice[];
  windows: readonly Span[];
  readAround: (deviceIds: readonly number[], window: Span) => Promise<Map<number, DeviceReadings>>;
  /** Judges a device by the readings of a window, and says whether more of them are wanted. */
  isOpen: (device: CountedDevice, own: DeviceReadings, window: Span) => boolean;
}): Promise<void> {
  let { inDoubt } = question;
  for (const window of question.windows) {
    if (inDoubt.length === 0) return;
    const ids = inDoubt.map(({ deviceId }) => deviceId);
    const readings = await question.readAround(ids, window);
    inDoubt = inDoubt.filter((device) => {
      const own = readings.get(device.deviceId);
      return own !== undefined && question.isOpen(device, own, window);
    });
  }
}

const widened = ({ from, to }: Span, days: number): Span => ({
  from: new Date(from.getTime() - days * DAY_MS),
  to: new Date(to.getTime() + days * DAY_MS),
});

const NOTHING_COUNTED: ReviewedCounter = { steps: [], events: [], proposals: [] };

function counterOf(
  { ratedPowerW, modulusWh }: CountedDevice,
  samples: readonly CounterSample[],
  context: DeviceContext,
  daylight: (atMs: number) => boolean,
): ReviewedCounter {
  const { records, fixes, decisions } = context;
  const result = counterEnergy(samples, {
    ratedPowerW,
    ...(modulusWh === null ? {} : { modulusWh }),
    daylight,
    records,
    fixes,
  });
  const begins = beginsOfRuns(result.events);
  const events = result.events
    .filter((event) => !isEmptyRun(event, begins))
    .map((event): ReviewedEvent => {
      const atMs = begins.get(event) ?? event.atMs;
      const decision = decisions.get(findingKey(event.kind, atMs)) ?? null;
      return { ...event, decided: event.decided || decision !== null, decision };
    });
  const proposals = result.proposals.filter((proposal) => !isEmptyRun(proposal, begins));
  return { steps: result.steps, events, proposals };
}

/** Empty frames that nothing has followed yet are one thing to look at: each with the instant of the first of them. */
function beginsOfRuns(events: readonly CounterEvent[]): ReadonlyMap<CounterEvent, number> {
  const begins = new Map<CounterEvent, number>();
  const firstOfRun = new Map<number | null, number>();
  for (const event of events) {
    if (event.kind !== 'zero_frame' || event.decided) continue;
    const beginMs = firstOfRun.get(event.fromWh) ?? event.atMs;
    firstOfRun.set(event.fromWh, beginMs);
    begins.set(event, beginMs);
  }
  return begins;
}

/** A counter that stands still at zero because its frames are empty is not frozen as well. */
function isEmptyRun(
  { kind, atMs, toWh }: Pick<CounterEvent, 'kind' | 'atMs' | 'toWh'>,
  begins: ReadonlyMap<CounterEvent, number>,
): boolean {
  return kind === 'frozen' && toWh === 0 && [...begins.values()].includes(atMs);
}

/**
 * A signed reading from which a counter begins is a reading: where there is none before it, the energy up to the first
 * sample is counted from it.
 */
function withSignedBegin(
  samples: readonly CounterSample[],
  { records }: DeviceContext,
  { fromMs: startMs, limits }: { fromMs: number; limits: Span },
): readonly CounterSample[] {
  const [first] = samples;
  // With so many readings at hand there may be more further back.
  const isBegin = samples.filter(({ atMs }) => atMs < startMs).length < BOUNDARY_SAMPLES;
  if (!first || !isBegin) return samples;
  const begin = records.findLast(({ atMs }) => atMs < first.atMs && atMs >= limits.from.getTime());
  const totalWh =
    begin?.kind === 'exchange' ? begin.startWh : begin?.kind === 'move_in' ? begin.readingWh : undefined;
  if (!begin || totalWh === undefined) return samples;
  return [{ atMs: begin.atMs, totalWh }, ...samples];
}

/** Readings around jumps that are not decided, so that a later day goes on in the scale that is booked. */
function anchorsOf(deviceId: number, { openScalesMs }: DeviceContext, span: Span): Stretch[] {
  return openScalesMs
    .filter((atMs) => atMs < span.from.getTime())
    .map((atMs) => ({
      deviceId,
      from: new Date(atMs),
      to: new Date(Math.min(atMs + ANCHOR_MS, span.from.getTime())),
    }));
}

/** True where readings further out may decide what the ones at hand leave open. */
function reachesOut(counter: ReviewedCounter, samples: readonly CounterSample[], span: Span): boolean {
  const startMs = span.from.getTime();
  const endMs = span.to.getTime();
  const fourth = samples[BOUNDARY_SAMPLES - 1];
  const last = samples.at(-1);
  const isOpenAtBegin =
    fourth !== undefined &&
    fourth.atMs < startMs &&
    counter.events.some(({ kind, atMs }) => atMs <= fourth.atMs && BREAKS.has(kind));
  if (isOpenAtBegin) return true;
  if (last === undefined || last.atMs < endMs) return false;
  const isInside = ({ atMs }: { atMs: number }) => atMs >= startMs && atMs < endMs;
  return (
    counter.proposals.some((proposal) => proposal.isWaiting && isInside(proposal)) ||
    counter.events.some((event) => event.kind === 'zero_frame' && !event.decided && isInside(event))
  );
}

const BREAKS: ReadonlySet<string> = new Set(['zero_frame', 'implausible_step', 'reset', 'wrap']);
