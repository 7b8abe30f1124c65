import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { TakeOverWatch, type TakeOvers } from './take-overs.ts';

/**
 * Receives at QoS 1 and acknowledges only when told to, which is after the commit.
 *
 *   connecting --connack--> connected --close--> connecting        stopped is final
 *
 * MQTT.js sends a PUBACK as soon as `handleMessage` calls back, and handles one publish at a time, so holding that
 * callback until the commit would make batches of one message. Calling back with an error makes it skip the PUBACK
 * and read on; the PUBACK is then sent by hand. Both are undocumented: the version is pinned and
 * `test/integration/mqtt.spec.ts` holds the contract on mosquitto and on the embedded broker.
 */
export interface AcknowledgingClientOptions {
  url: string;
  /** Stable for each replica, or the broker cannot keep its queue. */
  clientId: string;
  /** Topic filters, subscribed at QoS 1. */
  filters: readonly string[];
  /** Must be at least a batch, or a batch never fills. */
  receiveMaximum: number;
  /** A promise holds the reader until it settles: back-pressure. It must stay far below the keep-alive. */
  onMessage: (message: InboundMessage) => Promise<void> | undefined;
  /** Called when the connection is lost: what waits unacknowledged will be delivered again. */
  onClose: () => void;
  /** `taken_over`: somebody else comes with the same client id, and will be thrown out in turn; told once a contention. */
  onEvent?: (event: 'connected' | 'closed' | 'error' | 'taken_over', detail?: unknown) => void;
}

export interface InboundMessage {
  topic: string;
  payload: Buffer;
  /** A retained message is "last known", never a new reading. */
  retained: boolean;
  /** Sends the PUBACK, unless the connection that brought the message is gone. Call it in order of arrival. */
  acknowledge: () => void;
}

/** How long a broker keeps the session of a replica that is away: a week-end and a day. */
const SESSION_EXPIRY_S = 3 * 86_400;
/** While the reader is held, the broker's answer to a ping waits behind it: far longer than a slow write takes. */
const KEEPALIVE_S = 120;
const RECONNECT_MS = 1000;
const UNACCEPTABLE_PROTOCOL_V4 = 1;
const UNSUPPORTED_PROTOCOL_V5 = 132;

/** Tells MQTT.js to send no PUBACK. One for all: its stack costs more than the rest of a small message. */
const ACKNOWLEDGED_LATER = new Error('acknowledged after commit');

/** What is used of the client's inside; see the head of this file. */
interface PacketSender {
  _sendPacket(packet: { cmd: 'puback'; messageId: number | undefined; reasonCode: 0 }): void;
}

export class AcknowledgingClient {
  private readonly client: MqttClient;
  private readonly sender: PacketSender;
  /** Grows with each connection: a PUBACK over a later one would name somebody else's message. */
  private connection = 0;
  private stopped = false;
  private readonly takeOverWatch = new TakeOverWatch();

  constructor(private readonly options: AcknowledgingClientOptions) {
    this.client = mqtt.connect(options.url, this.connectOptions());
    this.sender = this.client as unknown as PacketSender;
    this.client.handleMessage = (packet, callback) => {
      this.receive(packet, () => callback(ACKNOWLEDGED_LATER));
    };
    this.client.on('connect', (connack) => {
      this.takeOverWatch.noteConnected(performance.now());
      options.onEvent?.('connected', { sessionPresent: connack.sessionPresent });
      this.subscribe();
    });
    this.client.on('disconnect', ({ reasonCode }) => {
      if (this.takeOverWatch.noteDisconnect(reasonCode, performance.now())) this.tellTakeOver();
    });
    this.client.on('close', () => this.lost());
    this.client.on('error', (error) => this.failed(error));
  }

  get connected(): boolean {
    return this.client.connected;
  }

  /** How often somebody else with the same client id threw this one out, as far as it can be seen. */
  get takeOvers(): TakeOvers {
    return this.takeOverWatch.seen(performance.now());
  }

  /** Publishes at QoS 1; resolves when the broker has it. */
  async publish(topic: string, payload: string | Buffer): Promise<void> {
    await this.client.publishAsync(topic, payload, { qos: 1 });
  }

  /** Takes subscriptions out of the session, which outlives the connection. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    if (filters.length > 0 && this.client.connected) await this.client.unsubscribeAsync([...filters]);
  }

  /** Drops the connection; another one is made, and subscribes again. */
  reconnect(): void {
    this.client.stream.destroy();
  }

  /** Disconnects and keeps the session, so that the broker queues what arrives meanwhile. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.client.endAsync();
  }

  private connectOptions(): IClientOptions {
    return {
      clientId: this.options.clientId,
      protocolVersion: 5,
      clean: false,
      keepalive: KEEPALIVE_S,
      reconnectPeriod: RECONNECT_MS,
      // A broker that refuses now (starting, or speaking 3.1.1 only) is asked again.
      reconnectOnConnackError: true,
      resubscribe: false,
      properties: {
        sessionExpiryInterval: SESSION_EXPIRY_S,
        receiveMaximum: this.options.receiveMaximum,
      },
    };
  }

  private subscribe(): void {
    // Retain handling 1: retained messages come with a new subscription, not with every reconnect.
    this.client.subscribe([...this.options.filters], { qos: 1, rh: 1 }, (error, granted) => {
      const refused = granted?.filter(({ qos }) => qos !== 1) ?? [];
      if (error ?? refused.length > 0)
        this.options.onEvent?.(
          'error',
          error ?? new Error(`subscription refused: ${JSON.stringify(refused)}`),
        );
    });
  }

  private receive(packet: IPublishPacket, readOn: () => void): void {
    const connection = this.connection;
    const messageId = packet.messageId;
    const held = this.options.onMessage({
      topic: packet.topic,
      payload: Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload),
      retained: packet.retain,
      acknowledge: () => {
        if (packet.qos !== 1 || connection !== this.connection || !this.client.connected) return;
        this.gather();
        this.sender._sendPacket({ cmd: 'puback', messageId, reasonCode: 0 });
      },
    });
    if (held) held.then(readOn, readOn);
    else readOn();
  }

  /** A batch is acknowledged at once: thousands of PUBACKs are one write to the socket. */
  private gather(): void {
    const { stream } = this.client;
    if (stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }

  private tellTakeOver(): void {
    this.options.onEvent?.('taken_over', { clientId: this.options.clientId, ...this.takeOvers });
  }

  private lost(): void {
    this.connection += 1;
    // A connection that we end ourselves was not taken from us.
    if (!this.stopped && this.takeOverWatch.noteClosed(performance.now())) this.tellTakeOver();
    this.options.onEvent?.('closed');
    this.options.onClose();
  }

  private failed(error: Error): void {
    const code = 'code' in error ? error.code : undefined;
    if (code === UNACCEPTABLE_PROTOCOL_V4 || code === UNSUPPORTED_PROTOCOL_V5) {
      // The broker speaks 3.1.1 only, as the embedded one does; the reconnect that follows uses it.
      this.client.options.protocolVersion = 4;
      delete this.client.options.properties;
      return;
    }
    this.options.onEvent?.('error', error);
  }
}
