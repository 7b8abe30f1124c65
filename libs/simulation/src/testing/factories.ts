import { dayStartMs } from '#domain';
import { ReadingModel } from '../telemetry/readings.ts';
import { gatewaySchedules, type GatewaySchedule } from '../telemetry/schedule.ts';
import { PLAIN_FAULT, type Fault } from '../truth/faults.ts';
import { TruthModel } from '../truth/truth-model.ts';
import { smallFleet } from './small-fleet.ts';

export const TEST_INTERVAL_S = 300;

/** An instant of a test day in Shanghai, epoch ms: `at('2026-06-10', 9.5)` is half past nine. */
export const at = (day: string, hour: number): number => dayStartMs(day) + hour * 3_600_000;

/** A fault of station S01 unless it says otherwise. */
export const faultOf = (fault: Pick<Fault, 'kind' | 'fromMs'> & Partial<Fault>): Fault => ({
  ...PLAIN_FAULT,
  stationCode: 'S01',
  ...fault,
});

/** A small fleet with its readings; `gateway` is that of station S01. */
export function testFleet(
  options: { stations?: number; faults?: readonly Fault[]; intervalS?: number } = {},
): {
  truth: TruthModel;
  readings: ReadingModel;
  gateways: GatewaySchedule[];
  gateway: GatewaySchedule;
} {
  const truth = new TruthModel({
    seed: 7,
    registry: smallFleet(options.stations ?? 2),
    faults: options.faults ?? 'none',
  });
  const gateways = gatewaySchedules(truth.plant, options.intervalS ?? TEST_INTERVAL_S);
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error('the fleet has no gateway');
  return { truth, readings: new ReadingModel(truth), gateways, gateway };
}
