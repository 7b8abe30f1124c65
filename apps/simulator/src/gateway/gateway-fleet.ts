import type { Clock, Logger } from '#platform';
import {
  Gateway,
  type GatewayCounts,
  gatewaySchedules,
  type GatewayStart,
  keyOf,
  noCounts,
  ReadingModel,
  type TruthModel,
  unit,
} from '#simulation';
import { GatewayLink } from './link.ts';

/** Connections that are being opened at a time: a broker greets some hundred a second. */
const CONNECTING_MAX = 50;
/** The one timer of the fleet. */
const TICK_MS = 100;
/** A tick works no longer than this, so that the network gets its turn; the rest is sent in the next one. */
const TICK_BUDGET_MS = 40;
/** How long a farewell may take. */
const CLOSE_LIMIT_MS = 2000;
const REPORT_EVERY_MS = 60_000;

export interface GatewayFleetOptions {
  url: string;
  truth: TruthModel;
  clock: Clock;
  logger: Logger;
  intervalS: number;
  /** The instant, epoch ms, up to which the readings of a station are already known; the next ones are sent. */
  resumeAfterMs: (stationCode: string) => number;
  /** The time of which a station has no readings, because nobody took them. */
  notTaken: (stationCode: string) => GatewayStart['notTaken'];
}

interface Member {
  gateway: Gateway;
  link: GatewayLink;
}

/** All gateways of the fleet, driven by one timer. */
export class GatewayFleet {
  readonly counts: GatewayCounts = noCounts();
  private readonly members: Member[];
  private readonly connecting = new Set<GatewayLink>();
  private timer: NodeJS.Timeout | null = null;
  private reportTimer: NodeJS.Timeout | null = null;
  private turn = 0;
  private lastError: string | null = null;
  private onReady: (() => void) | null = null;

  constructor(private readonly options: GatewayFleetOptions) {
    const { truth } = options;
    const parts = { readings: new ReadingModel(truth), faults: truth.faults, counts: this.counts };
    this.members = gatewaySchedules(truth.plant, options.intervalS).map((schedule) => {
      const { code } = schedule.station;
      const start = { afterMs: options.resumeAfterMs(code), notTaken: options.notTaken(code) };
      const gateway = new Gateway(schedule, parts, start);
      return { gateway, link: this.linkOf(gateway) };
    });
  }

  /** Opens the connections and begins to send. Resolves when every gateway that should be on the air is. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.onReady = resolve;
    });
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.reportTimer = setInterval(() => this.report(), REPORT_EVERY_MS);
    this.tick();
    await ready;
  }

  get connected(): number {
    return this.members.filter(({ link }) => link.isConnected()).length;
  }

  /** True where every reading up to an instant has been sent and acknowledged; silent gateways owe nothing. */
  isIdle(nowMs: number): boolean {
    return this.members.every(({ gateway }) => {
      gateway.settle(nowMs);
      return gateway.isSilent(nowMs) || gateway.isIdle(nowMs);
    });
  }

  /** Says "offline" for every gateway and leaves, within a bounded time. */
  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    if (this.reportTimer) clearInterval(this.reportTimer);
    this.timer = null;
    this.onReady?.();
    const limit = new Promise<void>((resolve) => {
      setTimeout(resolve, CLOSE_LIMIT_MS).unref();
    });
    await Promise.race([Promise.allSettled(this.members.map(({ link }) => link.close())), limit]);
  }

  private linkOf(gateway: Gateway): GatewayLink {
    const { station, code } = gateway.schedule;
    const link: GatewayLink = new GatewayLink({
      url: this.options.url,
      clientId: `gw-${station.code}-${code}`,
      statusTopic: gateway.topics.status,
      resendTopic: gateway.topics.resend,
      spread: unit(keyOf(this.options.truth.plant.seed, 'link', station.code, code), 0),
      nowMs: () => this.options.clock.nowMs(),
      onConnect: () => this.connecting.delete(link),
      onRequest: (payload) => gateway.takeRequest(payload, this.options.clock.nowMs()),
      onError: (error) => this.noteError(error),
    });
    return link;
  }

  private tick(): void {
    const nowMs = this.options.clock.nowMs();
    this.steerLinks(nowMs);
    const endAt = performance.now() + TICK_BUDGET_MS;
    let idleRun = 0;
    // One message a turn and gateway: a gateway with a long backlog does not keep the others waiting.
    while (idleRun < this.members.length && performance.now() < endAt) {
      const member = this.members[this.turn];
      this.turn = (this.turn + 1) % this.members.length;
      if (member === undefined) break;
      idleRun = member.gateway.sendNext(member.link, nowMs) ? 0 : idleRun + 1;
    }
  }

  private steerLinks(nowMs: number): void {
    let missing = 0;
    for (const { gateway, link } of this.members) {
      const silent = gateway.isSilent(nowMs);
      if (silent && link.isOpen()) {
        this.connecting.delete(link);
        link.drop();
        gateway.takeBack();
      } else if (!silent && !link.isOpen()) {
        if (this.connecting.size < CONNECTING_MAX) {
          this.connecting.add(link);
          link.open();
        }
      }
      if (!silent && !link.isConnected()) missing += 1;
    }
    if (missing === 0 && this.onReady) {
      this.onReady();
      this.onReady = null;
    }
  }

  private noteError(error: Error): void {
    // A broker that is away makes every gateway fail the same way: one line is enough.
    if (this.lastError === error.message) return;
    this.lastError = error.message;
    this.options.logger.warn({ event: 'simulator.connection_failed', error: error.message });
  }

  private report(): void {
    this.lastError = null;
    this.options.logger.info({ event: 'simulator.progress', connected: this.connected, ...this.counts });
  }
}
