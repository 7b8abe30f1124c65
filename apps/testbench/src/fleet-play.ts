import type { TestbenchFleet } from '#contracts';
import { DAY_MS, addDays, dayStartMs } from '#domain';
import { writeSnapshot, type RegistrySnapshot } from '#registry';
import {
  EPOCH_MS,
  Gateway,
  gatewaySchedules,
  noCounts,
  parseFaultScript,
  ReadingModel,
  TruthModel,
  type GatewayCounts,
  type OutgoingLink,
} from '#simulation';
import type { TestbenchWorld } from '#testbench';
import type { Play, Stage } from './runner/story.ts';
import { readStored, type Stored } from './stored.ts';

/** Seconds between two readings of a gateway, as the simulated fleet has them. */
const INTERVAL_S = 300;
/** The broker receives what falls due in a minute at its end: a step costs a round through broker and ingest. */
const STEP_MS = 60_000;
/** The readings at both ends of the days are what their energy is counted from. */
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 15 * 60_000;

/** A part of the fleet with its truth. */
export interface PlayedFleet {
  parameters: TestbenchFleet;
  registry: RegistrySnapshot;
  truth: TruthModel;
  readings: ReadingModel;
  /** What the gateways have done. */
  counts: GatewayCounts;
  /** First instant of the days that are asked for and the first after them, epoch ms. */
  fromMs: number;
  toMs: number;
}

/** @throws FaultScriptError where a fault names a device that is not there. */
export function fleetOf(parameters: TestbenchFleet, world: TestbenchWorld): PlayedFleet {
  const registry = registryOf(world);
  const devices = new Map(
    registry.stations.map(({ code, devices: own }) => [code, new Set(own.map((device) => device.code))]),
  );
  const faults = parseFaultScript(JSON.stringify(parameters.faults), devices);
  const truth = new TruthModel({ seed: parameters.seed, registry, faults });
  return {
    parameters,
    registry,
    truth,
    readings: new ReadingModel(truth),
    counts: noCounts(),
    fromMs: dayStartMs(parameters.fromDay),
    toMs: dayStartMs(addDays(parameters.fromDay, parameters.days)),
  };
}

function registryOf({ counties, townships, stations }: TestbenchWorld): RegistrySnapshot {
  return {
    counties,
    townships,
    villages: [],
    stations: stations.map(({ prices: _prices, ...station }) => ({
      ...station,
      gridAccounts: [],
      catalogueProjects: [],
      assetShares: [],
      revenueShares: [],
      tariffs: [],
      agriProjects: [],
      openingSettlement: null,
    })),
  };
}

/**
 * The gateways of a fleet on a clock that jumps from step to step: what they send, forget, keep back and send again is
 * what those of the simulator do, and a hole in their numbers is filled on the same day.
 */
export function fleetPlay(
  fleet: PlayedFleet,
  onProgress: (phase: 'playing' | 'settling' | 'reading', done: number, total: number) => void,
): Play<Stored> {
  const { truth, fromMs, toMs } = fleet;
  const startMs = Math.max(EPOCH_MS, fromMs - BEFORE_MS);
  const endMs = toMs + AFTER_MS;
  const gateways = gatewaySchedules(truth.plant, INTERVAL_S).map(
    (schedule) =>
      new Gateway(
        schedule,
        { readings: fleet.readings, faults: truth.faults, counts: fleet.counts },
        { afterMs: startMs - 1, notTaken: null },
      ),
  );
  const byRequest = new Map(gateways.map((gateway) => [gateway.topics.resend, gateway]));
  const total = Math.ceil((endMs - startMs) / STEP_MS);
  return {
    startMs,
    profiles: [],
    isBrokerKilled: false,
    async write(database) {
      await writeSnapshot(database, fleet.registry, { simulated: true, seed: fleet.parameters.seed });
    },
    onRequest(stage, topic, payload) {
      const gateway = byRequest.get(topic);
      if (!gateway) return;
      gateway.takeRequest(payload, stage.nowMs());
      sendAll(gateway, stage);
    },
    async act(stage) {
      for (let atMs = startMs; atMs <= endMs; atMs += STEP_MS) {
        if (gateways.some((gateway) => !gateway.isIdle(atMs))) {
          await stage.setTime(atMs);
          for (const gateway of gateways) sendAll(gateway, stage);
          await stage.untilReceived();
        }
        if ((atMs - fromMs) % DAY_MS === 0 && atMs > fromMs) await stage.fillHoles();
        onProgress('playing', Math.round((atMs - startMs) / STEP_MS), total);
      }
      onProgress('settling', total, total);
      await stage.fillHoles();
    },
    read({ database }) {
      onProgress('reading', total, total);
      return readStored(database);
    },
  };
}

/** The publisher sends until the broker has it, so a message that was handed over is out of the gateway's hands. */
function sendAll(gateway: Gateway, stage: Stage): void {
  const link: OutgoingLink = {
    isConnected: () => true,
    publish(topic, payload, settled) {
      stage.send({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
      settled();
    },
  };
  while (gateway.sendNext(link, stage.nowMs()));
}
