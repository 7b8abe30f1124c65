// Publishes at QoS 1 over a bare socket: the benchmark must not be busy with the client that it measures.
import { once } from 'node:events';
import { connect } from 'node:net';

const CONNACK = 2;
const PUBACK = 4;
const PACKET_ID_MAX = 65_535;
/** Messages on their way to the broker; more only fills its memory. */
const WINDOW = 2000;
const CHUNK_BYTES = 64 * 1024;

function packet(first, ...parts) {
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [first];
  do {
    const digit = length % 128;
    length = Math.floor(length / 128);
    head.push(length > 0 ? digit | 128 : digit);
  } while (length > 0);
  return Buffer.concat([Buffer.from(head), ...parts]);
}

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

export class Publisher {
  inFlight = 0;
  acknowledged = 0;
  #socket;
  #packetId = 0;
  #pending = [];
  #pendingBytes = 0;
  #wake = () => undefined;
  #rest = Buffer.alloc(0);
  #connected = Promise.withResolvers();

  static async connect(port, clientId) {
    const publisher = new Publisher();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    publisher.#socket = socket;
    socket.on('data', (bytes) => publisher.#read(bytes));
    socket.on('error', (error) => publisher.#connected.reject(error));
    // Clean session, no keep-alive: the broker is not to end a pause.
    socket.write(packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId)));
    await publisher.#connected.promise;
    return publisher;
  }

  /** Queues a message; waits while the window is full. */
  async publish(topic, payload) {
    this.send(topic, payload);
    if (this.#pendingBytes >= CHUNK_BYTES) await this.flush();
    while (this.inFlight >= WINDOW) {
      await this.flush();
      if (this.inFlight < WINDOW) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  /** Queues a message without waiting; `flush` sends it. */
  send(topic, payload) {
    this.#packetId = (this.#packetId % PACKET_ID_MAX) + 1;
    const id = Buffer.from([this.#packetId >> 8, this.#packetId & 255]);
    const bytes = packet(0x32, text(topic), id, Buffer.from(payload));
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.inFlight += 1;
  }

  async flush() {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!this.#socket.write(bytes)) await once(this.#socket, 'drain');
  }

  /** Waits until the broker has everything, and leaves. */
  async end() {
    await this.flush();
    while (this.inFlight > 0) await new Promise((resolve) => (this.#wake = resolve));
    this.#socket.end(Buffer.from([0xe0, 0]));
    await once(this.#socket, 'close');
  }

  #read(bytes) {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let from = 0;
    // CONNACK and PUBACK of MQTT 3.1.1 are four bytes each.
    for (; from + 4 <= this.#rest.length; from += 4) {
      const kind = (this.#rest[from] ?? 0) >> 4;
      if (kind === CONNACK) this.#connected.resolve();
      else if (kind === PUBACK) {
        this.inFlight -= 1;
        this.acknowledged += 1;
      } else throw new Error(`unexpected packet ${kind} from the broker`);
    }
    this.#rest = this.#rest.subarray(from);
    this.#wake();
  }
}

/** Publishes all messages over one connection. @returns how many. */
export async function publishAll(broker, messages) {
  const publisher = await Publisher.connect(broker.port, 'bench-publisher');
  for (const { topic, payload } of messages) await publisher.publish(topic, payload);
  await publisher.end();
  return publisher.acknowledged;
}
