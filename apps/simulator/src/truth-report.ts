import { dayIndexOf, dayOfIndex, startOfDayIndexMs } from './truth/calendar.ts';
import type { Fault } from './truth/faults.ts';
import type { TruthModel } from './truth/truth-model.ts';

/** Energy in whole Wh. `meterWh` is what passed the meter, `devices` what the inverters made. */
export interface TruthReport {
  simulated: true;
  seed: number;
  days: {
    day: string;
    stations: { station: string; meterWh: number; devices: Record<string, number> }[];
  }[];
  faults: TruthFault[];
}

interface TruthFault {
  kind: string;
  station: string;
  device: string | null;
  from: string;
  /** Null: it never ends. */
  to: string | null;
  factor: number;
  skewS: number;
  /** Energy not made because of it, Wh, up to the end of the last day asked for. */
  lostWh: number;
}

/** What is true on so many days from `fromDay`: energy a device and day, and the faults that touch them. */
export function truthReport(truth: TruthModel, fromDay: string, days: number): TruthReport {
  const first = dayIndexOf(fromDay);
  const indexes = Array.from({ length: days }, (_, offset) => first + offset);
  const endMs = startOfDayIndexMs(first + days);
  return {
    simulated: true,
    seed: truth.plant.seed,
    days: indexes.map((dayIndex) => ({
      day: dayOfIndex(dayIndex),
      stations: truth.plant.stations.map((station) => {
        const energiesWh = truth.inverterDaysWh(station, dayIndex);
        return {
          station: station.code,
          meterWh: truth.stationDayWh(station, dayIndex),
          devices: Object.fromEntries(
            station.inverters.map(({ code }, position) => [code, energiesWh[position] ?? 0]),
          ),
        };
      }),
    })),
    faults: truth.faults
      .between(startOfDayIndexMs(first), endMs)
      .map((fault) => describe(fault, truth.lostWh(fault, endMs))),
  };
}

function describe(fault: Fault, lostWh: number): TruthFault {
  return {
    kind: fault.kind,
    station: fault.stationCode,
    device: fault.deviceCode,
    from: new Date(fault.fromMs).toISOString(),
    to: Number.isFinite(fault.toMs) ? new Date(fault.toMs).toISOString() : null,
    factor: fault.factor,
    skewS: fault.skewMs / 1000,
    lostWh,
  };
}
