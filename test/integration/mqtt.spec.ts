import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { AcknowledgingClient, EmbeddedBroker, type InboundMessage } from '#mqtt';
import { Mosquitto } from '#test-support';

const embedded = await EmbeddedBroker.start({ port: 0 });
const mosquitto = await Mosquitto.start();
afterAll(async () => {
  await embedded.stop();
  await mosquitto.stop();
});

/** Waits for a condition; the first connection to a 3.1.1 broker takes a second, since MQTT 5 is tried first. */
const eventually = (condition: () => void) => vi.waitFor(condition, { timeout: 15_000, interval: 10 });

/** A receiver that keeps what it got and acknowledges nothing by itself. */
function receiver(url: string, clientId: string, filter: string, hold?: () => Promise<void> | undefined) {
  const messages: InboundMessage[] = [];
  const events: string[] = [];
  const client = new AcknowledgingClient({
    url,
    clientId,
    filters: [filter],
    receiveMaximum: 4000,
    onMessage: (message) => {
      messages.push(message);
      return hold?.();
    },
    onClose: () => undefined,
    onEvent: (event) => events.push(event),
  });
  return { client, messages, events, texts: () => messages.map(({ payload }) => payload.toString()) };
}

describe.each([
  ['embedded broker', () => embedded.url],
  ['mosquitto', () => mosquitto.url],
])('acknowledging client on %s', (_name, url) => {
  const topic = () => `pv/v1/${randomUUID().slice(0, 8)}/gateway/telemetry`;

  async function publish(to: string, texts: readonly string[]) {
    const sender = await mqtt.connectAsync(url());
    await Promise.all(texts.map((text) => sender.publishAsync(to, text, { qos: 1 })));
    await sender.endAsync();
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

  it('reads on without a PUBACK, and gets everything again that it did not acknowledge', async () => {
    const to = topic();
    const first = receiver(url(), `c-${to.slice(6, 14)}`, to);
    await eventually(() => expect(first.client.connected).toBe(true));
    await publish(to, numbers(300));
    await eventually(() => expect(first.messages).toHaveLength(300));
    for (const message of first.messages.slice(0, 200)) message.acknowledge();
    await first.client.stop();

    const second = receiver(url(), `c-${to.slice(6, 14)}`, to);
    await eventually(() => expect(second.messages).toHaveLength(100));
    expect(second.texts()).toEqual(numbers(300).slice(200));
    for (const message of second.messages) message.acknowledge();
    await second.client.stop();

    const third = receiver(url(), `c-${to.slice(6, 14)}`, to);
    await eventually(() => expect(third.client.connected).toBe(true));
    await publish(to, ['last']);
    await eventually(() => expect(third.messages).toHaveLength(1));
    expect(third.texts()).toEqual(['last']);
    await third.client.stop();
  });

  it('never acknowledges over a later connection', async () => {
    const to = topic();
    const id = `d-${to.slice(6, 14)}`;
    const first = receiver(url(), id, to);
    await eventually(() => expect(first.client.connected).toBe(true));
    await publish(to, ['a']);
    await eventually(() => expect(first.messages).toHaveLength(1));
    // Somebody else with the same id takes the session over: the first connection is gone.
    const thief = mqtt.connect(url(), { clientId: id, clean: false, reconnectPeriod: 0 });
    thief.handleMessage = () => undefined;
    await eventually(() => expect(first.events).toContain('closed'));
    await thief.endAsync();
    await eventually(() => expect(first.messages.length).toBeGreaterThanOrEqual(2));
    first.messages[0]?.acknowledge();
    await first.client.stop();

    const second = receiver(url(), id, to);
    await eventually(() => expect(second.texts()).toContain('a'));
    second.messages[0]?.acknowledge();
    await second.client.stop();
  });

  it('sees that somebody else uses its client id, and tells it once (MQT-04)', async () => {
    const to = topic();
    const id = `f-${to.slice(6, 14)}`;
    const ours = receiver(url(), id, to);
    await eventually(() => expect(ours.client.connected).toBe(true));
    const other = receiver(url(), id, to);
    await eventually(() =>
      expect(Math.min(ours.client.takeOvers.times, other.client.takeOvers.times)).toBeGreaterThanOrEqual(2),
    );
    expect(ours.client.takeOvers.isContended).toBe(true);
    await other.client.stop();
    await ours.client.stop();
    for (const { events } of [ours, other])
      expect(events.filter((event) => event === 'taken_over')).toHaveLength(1);
  });

  it('stops reading while the receiver holds it', async () => {
    const to = topic();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const held = receiver(url(), `e-${to.slice(6, 14)}`, to, () => gate);
    await eventually(() => expect(held.client.connected).toBe(true));
    await publish(to, numbers(5));
    await eventually(() => expect(held.messages).toHaveLength(1));
    release();
    await eventually(() => expect(held.texts()).toEqual(numbers(5)));
    await held.client.stop();
  });
});
