import type { TestbenchEvent, TestbenchResult } from '#contracts';
import { addDays } from '#domain';
import { dayIndexOf, takesEnergy, type StationPlant, type TruthModel } from '#simulation';
import type { TestbenchWorld } from '#testbench';
import type { PlayedFleet } from './fleet-play.ts';
import { priceHaoOn, rowOf, summaryOf } from './rows.ts';
import { keyOfDay, noQuarterHours, type Stored } from './stored.ts';

/** What is true of the fleet beside what was stored of it. The truth of a station is what passed its meter. */
export function fleetResult(fleet: PlayedFleet, stored: Stored, world: TestbenchWorld): TestbenchResult {
  const { truth, parameters, counts } = fleet;
  const days = Array.from({ length: parameters.days }, (_, offset) => addDays(parameters.fromDay, offset));
  const prices = new Map(world.stations.map((station) => [station.code, station.prices]));
  const cells = truth.plant.stations.flatMap((station) => days.map((day) => ({ station, day })));
  const rows = cells.map(({ station, day }) =>
    rowOf({
      station: station.code,
      day,
      truthWh: truthDayWh(truth, station, day),
      stored: stored.days.get(keyOfDay(station.code, day)),
      priceHaoPerKwh: priceHaoOn(prices.get(station.code) ?? [], day),
    }),
  );
  const curves = cells.map(({ station, day }) => ({
    station: station.code,
    day,
    truthWh: station.meters.length === 0 ? null : truth.stationQuarterHoursWh(station, dayIndexOf(day)),
    storedWh: stored.quarterHours.get(keyOfDay(station.code, day)) ?? noQuarterHours(),
  }));
  return {
    // What was sent again because it was asked for depends on when that was.
    summary: summaryOf(rows, { messages: counts.sent - counts.resent, pass: null }),
    rows,
    months: [],
    curves,
    events: eventsOf(fleet),
    quarantine: stored.quarantine,
    counterEvents: stored.counterEvents,
    mismatches: [],
  };
}

/** Without a meter the inverters are what is counted. */
function truthDayWh(truth: TruthModel, station: StationPlant, day: string): number {
  const dayIndex = dayIndexOf(day);
  return station.meters.length === 0
    ? truth.inverterDaysWh(station, dayIndex).reduce((sum, energyWh) => sum + energyWh, 0)
    : truth.stationDayWh(station, dayIndex);
}

function eventsOf({ truth, fromMs, toMs }: PlayedFleet): TestbenchEvent[] {
  return truth.faults.between(fromMs, toMs).map((fault) => ({
    kind: fault.kind,
    station: fault.stationCode,
    device: fault.deviceCode,
    from: new Date(fault.fromMs).toISOString(),
    to: Number.isFinite(fault.toMs) ? new Date(fault.toMs).toISOString() : null,
    lostWh: takesEnergy(fault) ? truth.lostWh(fault, toMs) : null,
    text: '',
  }));
}
