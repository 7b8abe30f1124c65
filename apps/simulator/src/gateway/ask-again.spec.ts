import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  nativeBatchSchema,
  nativeResendReplySchema,
  resendReplyTopic,
  resendTopic,
  telemetryTopic,
} from '#contracts';
import { EmbeddedBroker } from '#mqtt';
import { Clock, createLogger } from '#platform';
import { Mosquitto } from '#test-support';
import { at, faultOf, TEST_INTERVAL_S, testFleet } from '#simulation';
import { GatewayFleet } from './gateway-fleet.ts';

const DAY = '2026-06-10';
const embedded = await EmbeddedBroker.start({ port: 0 });
const mosquitto = await Mosquitto.start();
afterAll(async () => {
  await embedded.stop();
  await mosquitto.stop();
});

class StoppedClock extends Clock {
  override nowMs(): number {
    return at(DAY, 12);
  }
}

/** Two stations from eight to noon: S01 loses messages on the way, S02 was offline for an hour. */
function fleetAtNoon(url: string): GatewayFleet {
  const { truth } = testFleet({
    faults: [
      faultOf({ kind: 'lost_messages', share: 0.3, fromMs: at(DAY, 9), toMs: at(DAY, 11) }),
      faultOf({ kind: 'offline', stationCode: 'S02', fromMs: at(DAY, 9), toMs: at(DAY, 10) }),
    ],
  });
  return new GatewayFleet({
    url,
    truth,
    clock: new StoppedClock(),
    logger: createLogger('simulator', { PV_LOG_LEVEL: 'error' }),
    intervalS: TEST_INTERVAL_S,
    resumeAfterMs: () => at(DAY, 8),
    notTaken: () => null,
  });
}

/** A listener that sees the holes in the numbers and asks for them, as ingest does. */
async function listenTo(url: string) {
  const client = await connectAsync(url, { protocolVersion: 4 });
  const heard: { topic: string; payload: string }[] = [];
  client.on('message', (topic, payload) => heard.push({ topic, payload: payload.toString() }));
  await client.subscribeAsync('pv/v1/#', { qos: 1 });
  const seqsOf = (station: string) =>
    heard
      .filter(({ topic }) => topic === telemetryTopic(station, 'GW01'))
      .map(({ payload }) => nativeBatchSchema.parse(JSON.parse(payload)).seq ?? -1);
  const holesOf = (station: string) => {
    const seqs = [...new Set(seqsOf(station))].sort((one, other) => one - other);
    return seqs.flatMap((seq, index) => {
      const before = seqs[index - 1] ?? seq - 1;
      return Array.from({ length: seq - before - 1 }, (_, offset) => before + 1 + offset);
    });
  };
  const repliesOf = (station: string) =>
    heard
      .filter(({ topic }) => topic === resendReplyTopic(station, 'GW01'))
      .map(({ payload }) => nativeResendReplySchema.parse(JSON.parse(payload)));
  const ask = (station: string, payload: string) =>
    client.publishAsync(resendTopic(station, 'GW01'), payload, { qos: 1 });
  return { client, seqsOf, holesOf, repliesOf, ask };
}

describe.each([
  ['the embedded broker', () => embedded.url],
  ['mosquitto', () => mosquitto.url],
])('asking gateways again on %s', (_name, url) => {
  let fleet: GatewayFleet;
  let listener: Awaited<ReturnType<typeof listenTo>>;
  beforeAll(async () => {
    listener = await listenTo(url());
    fleet = fleetAtNoon(url());
    await fleet.start();
    await vi.waitFor(
      () => {
        expect(fleet.isIdle(at(DAY, 12))).toBe(true);
        expect(listener.seqsOf('S01').length + fleet.counts.dropped).toBe(48);
        expect(listener.seqsOf('S02')).toHaveLength(36);
      },
      { timeout: 20_000 },
    );
  });
  afterAll(async () => {
    await fleet.close();
    await listener.client.endAsync();
  });

  it('fills the holes of what was lost on the way, each message once', async () => {
    const holes = listener.holesOf('S01');
    expect(holes).toHaveLength(fleet.counts.dropped);
    expect(holes.length).toBeGreaterThan(3);
    await listener.ask('S01', JSON.stringify({ id: '7', ranges: holes.map((seq) => [seq, seq]) }));
    await vi.waitFor(() => expect(listener.holesOf('S01')).toEqual([]), { timeout: 10_000 });
    expect(listener.seqsOf('S01')).toHaveLength(48);
    expect(listener.repliesOf('S01')).toEqual([]);
  });

  it('is told that what a gateway forgot will never come', async () => {
    const holes = listener.holesOf('S02');
    const range = [holes[0], holes.at(-1)];
    await listener.ask('S02', JSON.stringify({ id: '8', ranges: [range] }));
    await vi.waitFor(() => expect(listener.repliesOf('S02')).toEqual([{ id: '8', gone: [range] }]), {
      timeout: 10_000,
    });
    expect(listener.seqsOf('S02')).toHaveLength(36);
  });

  it('gets no answer to what is not a request, and the gateway counts it', async () => {
    await listener.ask('S01', '{"id":"9","ranges":[[5,1]]}');
    await vi.waitFor(() => expect(fleet.counts.refusedRequests).toBe(1), { timeout: 10_000 });
    expect(listener.seqsOf('S01')).toHaveLength(48);
  });
});
