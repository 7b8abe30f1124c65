import { setTimeout as delay } from 'node:timers/promises';
import { Gateway } from './gateway.ts';
import type { GatewayPlace } from './stations.ts';

const TICK_MS = 20;
/** A gateway behind a modem sends no faster than this what it is asked for. */
const SENT_AGAIN_PER_S = 20;
const POLL_MS = 100;

/** Gateways that measure at a steady rate, spread over time, until they are told to fall silent. */
export class Fleet {
  readonly gateways: readonly Gateway[];
  private readonly timer: NodeJS.Timeout;
  private readonly intervalMs: number;
  private readonly dueAtMs: number[];
  private isMeasuring = true;

  constructor(places: readonly GatewayPlace[], options: { brokerUrl: string; readingsPerS: number }) {
    let devices = 0;
    this.gateways = places.map((place) => {
      const gateway = new Gateway(place, devices, options.brokerUrl);
      devices += place.deviceCodes.length;
      return gateway;
    });
    this.intervalMs = (devices * 1000) / options.readingsPerS;
    const startMs = performance.now();
    this.dueAtMs = this.gateways.map(
      (_, index) => startMs + (this.intervalMs * index) / this.gateways.length,
    );
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  get readingsMade(): number {
    return this.sum(({ messagesMade, place }) => messagesMade * place.deviceCodes.length);
  }

  sum(figure: (gateway: Gateway) => number): number {
    return this.gateways.reduce((total, gateway) => total + figure(gateway), 0);
  }

  /** Measures no more, and waits until the broker has everything. */
  async fallSilent(timeoutMs: number): Promise<void> {
    this.isMeasuring = false;
    await this.untilIdle(timeoutMs);
  }

  /** One last message a gateway, which shows the holes before it. */
  async close(timeoutMs: number): Promise<void> {
    for (const gateway of this.gateways) gateway.measure();
    await this.untilIdle(timeoutMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
  }

  /** @throws Error where the broker does not take what the gateways have. */
  private async untilIdle(timeoutMs: number): Promise<void> {
    const untilMs = Date.now() + timeoutMs;
    while (!this.gateways.every(({ isIdle }) => isIdle)) {
      if (Date.now() > untilMs) {
        const away = this.sum(({ isConnected }) => (isConnected ? 0 : 1));
        const waiting = this.sum(({ messagesWaiting }) => messagesWaiting);
        throw new Error(
          `the broker has not acknowledged ${waiting} messages; ${away} gateways are not connected`,
        );
      }
      await delay(POLL_MS);
    }
  }

  private tick(): void {
    const nowMs = performance.now();
    for (const [index, gateway] of this.gateways.entries()) {
      // A tick that came late makes up for what was due: the rate is kept on a busy machine.
      for (let dueMs = this.dueAtMs[index] ?? nowMs; this.isMeasuring && dueMs <= nowMs;) {
        gateway.measure();
        dueMs += this.intervalMs;
        this.dueAtMs[index] = dueMs;
      }
      gateway.sendWanted(Math.ceil((SENT_AGAIN_PER_S * TICK_MS) / 1000));
    }
  }
}
