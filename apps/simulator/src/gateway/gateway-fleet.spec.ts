import { connectAsync } from 'mqtt';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { nativeBatchSchema, parseNativeTopic } from '#contracts';
import { EmbeddedBroker } from '#mqtt';
import { Clock, createLogger } from '#platform';
import { at, faultOf, TEST_INTERVAL_S, testFleet } from '#simulation';
import { GatewayFleet } from './gateway-fleet.ts';

const DAY = '2026-06-10';
const broker = await EmbeddedBroker.start({ port: 0 });
const listener = await connectAsync(broker.url, { protocolVersion: 4 });
const heard: { topic: string; text: string; retain: boolean }[] = [];
listener.on('message', (topic, payload, { retain }) =>
  heard.push({ topic, text: payload.toString(), retain }),
);
await listener.subscribeAsync('pv/v1/#', { qos: 1 });
afterAll(async () => {
  await listener.endAsync();
  await broker.stop();
});

/** A fleet of three over a real broker, with a clock that stands still at noon and two hours of debt. */
function fleetAtNoon(url: string): GatewayFleet {
  const { truth } = testFleet({
    stations: 3,
    faults: [faultOf({ kind: 'offline', stationCode: 'S03', fromMs: at(DAY, 11), toMs: at(DAY, 13) })],
  });
  return new GatewayFleet({
    url,
    truth,
    clock: new StoppedClock(at(DAY, 12)),
    logger: createLogger('simulator', { PV_LOG_LEVEL: 'error' }),
    intervalS: TEST_INTERVAL_S,
    resumeAfterMs: () => at(DAY, 10),
    notTaken: () => null,
  });
}

class StoppedClock extends Clock {
  constructor(private readonly standsAtMs: number) {
    super();
  }
  override nowMs(): number {
    return this.standsAtMs;
  }
}

const telemetryOf = (station: string) =>
  heard
    .filter(({ topic }) => topic === `pv/v1/${station}/GW01/telemetry`)
    .map(({ text }) => nativeBatchSchema.parse(JSON.parse(text)));
const statusOf = (station: string) =>
  heard.filter(({ topic }) => topic === `pv/v1/${station}/GW01/status`).map(({ text }) => text);

describe('the gateways on a broker', () => {
  it('send what they owe, say that they are there, and say goodbye', async () => {
    const fleet = fleetAtNoon(broker.url);
    await fleet.start();
    await vi.waitFor(() => expect(fleet.isIdle(at(DAY, 12))).toBe(true), { timeout: 20_000 });
    expect(fleet.connected).toBe(2);
    await vi.waitFor(() => expect([...telemetryOf('S01'), ...telemetryOf('S02')]).toHaveLength(48));
    const seqs = telemetryOf('S01').map(({ seq }) => seq ?? -1);
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
    expect(Object.keys(telemetryOf('S01')[0]?.devices ?? {})).toEqual(['INV01', 'INV02', 'INV03', 'M01']);
    expect(heard.every(({ topic }) => parseNativeTopic(topic) !== null)).toBe(true);
    expect(JSON.parse(statusOf('S01')[0] ?? '')).toEqual({ online: true, ts: at(DAY, 12) });
    expect(statusOf('S03')).toEqual([]);
    await fleet.close();
    await vi.waitFor(() => expect(statusOf('S01').at(-1)).toBe('{"online":false}'));
    expect(fleet.counts).toMatchObject({ sent: 48, acknowledged: 48, forgotten: 0 });
  });

  it('wait for a broker that is not there yet, and lose nothing', async () => {
    const early = await EmbeddedBroker.start({ port: 0 });
    await early.stop();
    const fleet = fleetAtNoon(early.url);
    const started = fleet.start();
    expect(fleet.connected).toBe(0);
    const late = await EmbeddedBroker.start({ port: early.port });
    await started;
    await vi.waitFor(() => expect(fleet.counts.acknowledged).toBe(48), { timeout: 20_000 });
    await fleet.close();
    await late.stop();
  });
});
