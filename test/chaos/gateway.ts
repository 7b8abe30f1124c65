import mqtt, { type MqttClient } from 'mqtt';
import { nativeResendSchema, resendTopic, telemetryTopic } from '#contracts';
import type { GatewayPlace } from './stations.ts';
import { nativeFields, trueReading } from './truth.ts';

/** Gateways do not all come back at one instant: some 20 ms of each spread them. */
const RECONNECT_MS = 300;
/** What is sent again comes behind the live messages: none while more than these wait for their PUBACK. */
const LIVE_WAITING_MAX = 20;

/**
 * A gateway that numbers its messages, keeps all of them, publishes at QoS 1 until the broker has acknowledged, and
 * sends again what it is asked for.
 */
export class Gateway {
  /** Requests that are none by the schema. */
  malformedRequests = 0;
  /** Messages that were published again on request. */
  sentAgain = 0;
  private client: MqttClient | undefined;
  private isStopped = false;
  private readonly topic: string;
  private readonly requests: string;
  /** When the readings of each message were taken; its index is the number of the message. */
  private readonly takenAtMs: number[] = [];
  private readonly unacknowledged = new Set<number>();
  private readonly wanted = new Set<number>();
  private readonly asked = new Set<number>();

  constructor(
    readonly place: GatewayPlace,
    /** Running number in the fleet of its first device. */
    readonly firstDevice: number,
    private readonly brokerUrl: string,
  ) {
    this.topic = telemetryTopic(place.stationCode, place.gatewayCode);
    this.requests = resendTopic(place.stationCode, place.gatewayCode);
    this.connect();
  }

  get messagesMade(): number {
    return this.takenAtMs.length;
  }

  /** Numbers that it was asked for, each counted once. */
  get numbersAsked(): number {
    return this.asked.size;
  }

  get isIdle(): boolean {
    return this.isConnected && this.unacknowledged.size === 0;
  }

  get isConnected(): boolean {
    return this.client?.connected ?? false;
  }

  get messagesWaiting(): number {
    return this.unacknowledged.size;
  }

  /** Instant at which the readings of a message were taken, epoch ms; undefined where there is no such message. */
  takenAt(seq: number): number | undefined {
    return this.takenAtMs[seq];
  }

  /** Takes readings of all devices now and sends them. Instants of one gateway are never the same. */
  measure(): void {
    const last = this.takenAtMs.at(-1) ?? 0;
    const seq = this.takenAtMs.push(Math.max(Date.now(), last + 1)) - 1;
    this.unacknowledged.add(seq);
    if (this.isConnected) this.publish(seq);
  }

  /** Sends up to `limit` of the messages that it was asked for. */
  sendWanted(limit: number): void {
    if (!this.isConnected || this.unacknowledged.size > LIVE_WAITING_MAX) return;
    let left = limit;
    for (const seq of this.wanted) {
      if (left === 0) return;
      left -= 1;
      this.wanted.delete(seq);
      this.sentAgain += 1;
      this.publish(seq);
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.client?.endAsync(true);
  }

  /** Each connection has a client of its own: what is to be published again is decided here and nowhere else. */
  private connect(): void {
    const { stationCode, gatewayCode } = this.place;
    const client = mqtt.connect(this.brokerUrl, {
      clientId: `chaos-${stationCode}-${gatewayCode}`,
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
    });
    this.client = client;
    client.on('connect', () => {
      client.subscribe(this.requests, { qos: 1 });
      for (const seq of this.unacknowledged) this.publish(seq);
    });
    client.on('message', (topic, payload) => {
      if (topic === this.requests) this.note(payload);
    });
    // The broker is killed again and again; the close that follows is what counts.
    client.on('error', () => undefined);
    client.once('close', () => {
      client.end(true);
      if (!this.isStopped) setTimeout(() => this.connect(), RECONNECT_MS + (this.firstDevice % 10) * 20);
    });
  }

  private publish(seq: number): void {
    this.client?.publish(this.topic, this.payload(seq), { qos: 1 }, (error) => {
      if (!error) this.unacknowledged.delete(seq);
    });
  }

  private payload(seq: number): string {
    const devices = Object.fromEntries(
      this.place.deviceCodes.map((code, index) => [
        code,
        nativeFields(trueReading(this.firstDevice + index, seq)),
      ]),
    );
    return JSON.stringify({ ts: this.takenAtMs[seq], seq, devices });
  }

  private note(payload: Buffer): void {
    const request = nativeResendSchema.safeParse(parse(payload));
    if (!request.success) {
      this.malformedRequests += 1;
      return;
    }
    for (const [from, to] of request.data.ranges)
      for (let seq = from; seq <= to && seq < this.takenAtMs.length; seq += 1) {
        this.asked.add(seq);
        // What the broker has not acknowledged yet is on its way anyway.
        if (!this.unacknowledged.has(seq)) this.wanted.add(seq);
      }
  }
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    // Not JSON is no request; it is counted as malformed.
    return undefined;
  }
}
