import mqtt, { type MqttClient } from 'mqtt';
import { z } from 'zod';
import { nativeResendSchema, telemetryTopic } from '#contracts';
import { ChangeSignal } from './change-signal.ts';

export interface OutboundMessage {
  topic: string;
  payload: Buffer;
  qos: 0 | 1;
  retain: boolean;
}

const RECONNECT_MS = 100;
const REQUESTS = 'pv/v1/+/+/resend';
const numberedSchema = z.object({ seq: z.number().int() });

/**
 * The gateways of a scenario in one client. What the broker has not acknowledged is published until it has; what ingest
 * asks for again, by the numbers of the native protocol, is published again where the scenario has published it.
 */
export class Publisher {
  private readonly client: MqttClient;
  private readonly changed = new ChangeSignal();
  private readonly numbered = new Map<string, OutboundMessage>();
  private waiting = 0;

  /**
   * @param onRequest takes what ingest asks for again, by topic; without it the publisher sends what it has sent before.
   */
  constructor(
    url: string,
    private readonly onRequest: ((topic: string, payload: Buffer) => void) | null = null,
  ) {
    this.client = mqtt.connect(url, {
      clientId: 'scenario-gateways',
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: RECONNECT_MS,
    });
    this.client.on('connect', () => {
      this.client.subscribe(REQUESTS, { qos: 1 });
      this.changed.notify();
    });
    this.client.on('message', (topic, payload) =>
      this.onRequest === null ? this.sendAgain(topic, payload) : this.onRequest(topic, payload),
    );
    // A broker that is killed is what some scenarios are about.
    this.client.on('error', () => undefined);
  }

  /** Hands the message to the client; {@link idle} says when the broker has it. */
  publish(message: OutboundMessage): void {
    const seq = this.onRequest === null ? numberOf(message.payload) : null;
    if (seq !== null) this.numbered.set(`${message.topic} ${seq}`, message);
    this.send(message);
  }

  /** @returns true once the broker has everything. */
  idle(timeoutMs: number): Promise<boolean> {
    return this.changed.until(() => this.client.connected && this.waiting === 0, timeoutMs);
  }

  async stop(): Promise<void> {
    await this.client.endAsync(true);
  }

  private send({ topic, payload, qos, retain }: OutboundMessage): void {
    this.waiting += 1;
    this.client.publish(topic, payload, { qos, retain }, () => {
      this.waiting -= 1;
      this.changed.notify();
    });
  }

  private sendAgain(topic: string, payload: Buffer): void {
    const request = nativeResendSchema.safeParse(parsedJson(payload));
    const [, , station = '', sender = ''] = topic.split('/');
    if (!request.success) return;
    for (const [from, to] of request.data.ranges)
      for (let seq = from; seq <= to; seq += 1) {
        const message = this.numbered.get(`${telemetryTopic(station, sender)} ${seq}`);
        if (message) this.send({ ...message, retain: false });
      }
  }
}

function parsedJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    // Scenarios publish what is no JSON, on purpose.
    return null;
  }
}

function numberOf(payload: Buffer): number | null {
  const parsed = numberedSchema.safeParse(parsedJson(payload));
  return parsed.success ? parsed.data.seq : null;
}
