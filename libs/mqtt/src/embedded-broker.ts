import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/**
 * An MQTT 3.1.1 broker inside the program, for the standalone demo and for tests. Sessions live in memory: they
 * outlive a client, not the broker. Production uses mosquitto or EMQX.
 */
export class EmbeddedBroker {
  private constructor(
    private readonly aedes: Aedes,
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
    readonly port: number,
  ) {}

  /** @throws Error with code EADDRINUSE where somebody else listens on the port. */
  static async start(options: { port: number; host?: string }): Promise<EmbeddedBroker> {
    // Every gateway of the demo may have this many unsent packets before it is dropped as too slow.
    const aedes = await Aedes.createBroker({ concurrency: 10_000, queueLimit: 100_000 });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      aedes.handle(socket);
    });
    server.listen(options.port, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the broker has no port');
    return new EmbeddedBroker(aedes, server, sockets, address.port);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    await new Promise<void>((resolve) => this.aedes.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
