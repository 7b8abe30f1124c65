import {
  Gateway,
  noCounts,
  type GatewayCounts,
  type GatewayStart,
  type OutgoingLink,
} from '../gateway/gateway.ts';
import type { Fault } from '../truth/faults.ts';
import { testFleet } from './factories.ts';

/** A link that keeps what it is given until the test acknowledges it. */
export class PaperLink implements OutgoingLink {
  connected = true;
  readonly sent: string[] = [];
  readonly replies: string[] = [];
  readonly waiting: ((error?: Error) => void)[] = [];

  isConnected(): boolean {
    return this.connected;
  }
  publish(topic: string, payload: string, settled: (error?: Error) => void): void {
    (topic.endsWith('/resend/reply') ? this.replies : this.sent).push(payload);
    this.waiting.push(settled);
  }
  acknowledgeAll(): void {
    for (const settled of this.waiting.splice(0)) settled();
  }
}

/** The gateway of station S01 that has to send what it reads after an instant, and a link to send it over. */
export function gatewayFrom(
  afterMs: number,
  faults: Fault[] = [],
  notTaken: GatewayStart['notTaken'] = null,
): { gateway: Gateway; counts: GatewayCounts; link: PaperLink } {
  const fleet = testFleet({ faults });
  const counts = noCounts();
  const gateway = new Gateway(
    fleet.gateway,
    { readings: fleet.readings, faults: fleet.truth.faults, counts },
    { afterMs, notTaken },
  );
  return { gateway, counts, link: new PaperLink() };
}

/** Sends all that is owed, acknowledging when the window is full. */
export function sendAll(gateway: Gateway, link: PaperLink, nowMs: number): void {
  for (;;) {
    if (gateway.sendNext(link, nowMs)) continue;
    if (link.waiting.length === 0) return;
    link.acknowledgeAll();
  }
}

/** Numbers of the batches that were sent, in order. */
export const seqsOf = (link: PaperLink): number[] =>
  link.sent.flatMap((payload) => {
    const seq = /"seq":(\d+),"devices":\{"\w+":/.exec(payload)?.[1];
    return seq === undefined ? [] : [Number(seq)];
  });
