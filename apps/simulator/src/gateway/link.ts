import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { type OutgoingLink } from '#simulation';

const KEEP_ALIVE_S = 60;
const CONNECT_TIMEOUT_MS = 30_000;
/** First wait after a lost connection, and the longest; each failure doubles it. */
const BACK_OFF_MIN_MS = 1000;
const BACK_OFF_MAX_MS = 30_000;

export interface LinkOptions {
  url: string;
  clientId: string;
  statusTopic: string;
  /** Subscribed at QoS 1 with each connection. */
  resendTopic: string;
  /** In [0, 1): spreads the reconnects of a fleet after the broker was away. */
  spread: number;
  nowMs: () => number;
  onConnect: () => void;
  /** A request to send messages again came. */
  onRequest: (payload: Uint8Array) => void;
  onError: (error: Error) => void;
}

/**
 * The connection of one gateway: MQTT 3.1.1, which every broker speaks, with a last will that says "offline". It
 * reconnects with growing waits; messages without acknowledgement are sent again by the client.
 */
export class GatewayLink implements OutgoingLink {
  private client: MqttClient | null = null;
  private failures = 0;

  constructor(private readonly options: LinkOptions) {}

  isOpen(): boolean {
    return this.client !== null;
  }

  isConnected(): boolean {
    return this.client?.connected ?? false;
  }

  open(): void {
    if (this.client) return;
    const client = connect(this.options.url, {
      clientId: this.options.clientId,
      protocolVersion: 4,
      clean: true,
      keepalive: KEEP_ALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: BACK_OFF_MIN_MS,
      resubscribe: false,
      will: { topic: this.options.statusTopic, payload: Buffer.from(offline()), qos: 1, retain: true },
    });
    client.on('connect', () => {
      this.failures = 0;
      client.options.reconnectPeriod = BACK_OFF_MIN_MS;
      const online = JSON.stringify({ online: true, ts: this.options.nowMs() });
      client.publish(this.options.statusTopic, online, { qos: 1, retain: true });
      this.listen(client);
      this.options.onConnect();
    });
    client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
      // A request that the broker kept would be answered with every connection.
      if (topic === this.options.resendTopic && !packet.retain) this.options.onRequest(payload);
    });
    client.on('close', () => {
      this.failures += 1;
      const waitMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(this.failures, 6));
      client.options.reconnectPeriod = Math.round(waitMs * (0.5 + 0.5 * this.options.spread));
    });
    client.on('error', this.options.onError);
    this.client = client;
  }

  private listen(client: MqttClient): void {
    client.subscribe(this.options.resendTopic, { qos: 1 }, (error, granted) => {
      if (error) this.options.onError(error);
      else if (granted?.some(({ qos }) => qos > 2)) this.options.onError(new Error('subscription refused'));
    });
  }

  /** @param settled called when the broker has acknowledged the message, or with the reason why it never will. */
  publish(topic: string, payload: string, settled: (error?: Error) => void): void {
    if (!this.client) throw new Error('the link is not open');
    this.client.publish(topic, payload, { qos: 1 }, (error) => settled(error ?? undefined));
  }

  /** Drops the connection without a farewell, as a dead gateway does: the broker publishes the last will. */
  drop(): void {
    this.client?.end(true);
    this.client = null;
  }

  /** Says "offline" and leaves. */
  async close(): Promise<void> {
    const client = this.client;
    this.client = null;
    if (!client) return;
    if (!client.connected) {
      client.end(true);
      return;
    }
    await new Promise<void>((resolve) => {
      client.publish(this.options.statusTopic, offline(), { qos: 1, retain: true }, () => resolve());
    });
    await client.endAsync();
  }
}

const offline = (): string => JSON.stringify({ online: false });
