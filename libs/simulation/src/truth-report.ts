import { rangesOf } from './telemetry/number-ranges.ts';
import { gatewaySchedules, type GatewaySchedule } from './telemetry/schedule.ts';
import { touchedMessages } from './telemetry/touched-messages.ts';
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
  share: number;
  /** Energy not made because of it, Wh, up to the end of the last day asked for. */
  lostWh: number;
  /** Numbers of the messages of these days that it touches, by gateway, as ranges; null where it touches none. */
  messages: Record<string, [number, number][]> | null;
}

/** What is true on so many days from `fromDay`: energy a device and day, and the faults that touch them. */
export function truthReport(
  truth: TruthModel,
  { fromDay, days, intervalS }: { fromDay: string; days: number; intervalS: number },
): TruthReport {
  const first = dayIndexOf(fromDay);
  const indexes = Array.from({ length: days }, (_, offset) => first + offset);
  const span = { fromMs: startOfDayIndexMs(first), toMs: startOfDayIndexMs(first + days) };
  const gateways = Map.groupBy(gatewaySchedules(truth.plant, intervalS), ({ station }) => station.code);
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
    faults: truth.faults.between(span.fromMs, span.toMs).map((fault) => ({
      ...describe(fault),
      lostWh: truth.lostWh(fault, span.toMs),
      messages: messagesOf(truth, gateways.get(fault.stationCode) ?? [], fault, span),
    })),
  };
}

function messagesOf(
  { faults }: TruthModel,
  gateways: readonly GatewaySchedule[],
  fault: Fault,
  span: { fromMs: number; toMs: number },
): TruthFault['messages'] {
  const touched = gateways.flatMap((gateway): [string, [number, number][]][] => {
    const seqs = touchedMessages(faults, gateway, fault, span);
    return seqs === null ? [] : [[gateway.code, rangesOf(seqs)]];
  });
  return touched.length === 0 ? null : Object.fromEntries(touched);
}

function describe(fault: Fault): Omit<TruthFault, 'lostWh' | 'messages'> {
  return {
    kind: fault.kind,
    station: fault.stationCode,
    device: fault.deviceCode,
    from: new Date(fault.fromMs).toISOString(),
    to: Number.isFinite(fault.toMs) ? new Date(fault.toMs).toISOString() : null,
    factor: fault.factor,
    skewS: fault.skewMs / 1000,
    share: fault.share,
  };
}
