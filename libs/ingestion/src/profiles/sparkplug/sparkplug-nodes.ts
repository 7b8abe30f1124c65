/**
 * What is known of Sparkplug edge nodes. A node is
 *   unborn ── NBIRTH ──► born ── NDEATH of this birth ──► unborn.
 * While it is born each of its messages carries the next number (0 to 255, then 0); a hole means that something is
 * missing, and the node is asked for a rebirth, no more often than every `REBIRTH_AGAIN_MS`. What it sends in between
 * is still read by the names that its last birth gave to its aliases.
 */
import type { SparkplugMetric, SparkplugPayload } from './wire.ts';

/** Patience with a node that does not answer; a slow line needs most of a minute for a large birth. */
export const REBIRTH_AGAIN_MS = 60_000;
/** Ten times the stations of the city. Beyond it the node that is silent for longest is forgotten, and asked again. */
const NODES_MAX = 5_000;
const ALIASES_MAX = 20_000;

interface Name {
  name: string;
  datatype: number | null;
}

interface Node {
  born: boolean;
  birthNumber: number | null;
  lastSeq: number | null;
  /** Names by device (the node itself is '') and alias. */
  names: Map<string, Map<string, Name>>;
  aliasCount: number;
  askedAtMs: number | null;
}

export interface SparkplugAddress {
  /** `group/edge`. */
  nodeId: string;
  /** `''` is the node itself. */
  device: string;
}

export class SparkplugNodes {
  private readonly nodes = new Map<string, Node>();

  /** A birth certificate: names for aliases from now on. Answers whether the node must be asked for another. */
  birth({ nodeId, device }: SparkplugAddress, payload: SparkplugPayload, receivedAtMs: number): boolean {
    const node = this.node(nodeId);
    let hole = false;
    if (device === '') {
      node.born = true;
      node.birthNumber = birthNumberOf(payload.metrics);
      node.lastSeq = payload.seq;
      node.names.clear();
      node.aliasCount = 0;
      node.askedAtMs = null;
    } else hole = this.advance(node, payload.seq) || !node.born;
    const names = new Map<string, Name>();
    node.aliasCount -= node.names.get(device)?.size ?? 0;
    for (const { alias, name, datatype } of payload.metrics)
      if (alias !== null && name !== null && node.aliasCount + names.size < ALIASES_MAX)
        names.set(alias, { name, datatype });
    node.aliasCount += names.size;
    node.names.set(device, names);
    return hole && this.mayAsk(node, receivedAtMs);
  }

  /** A data message. Answers whether the node must be asked for its births. */
  data({ nodeId, device }: SparkplugAddress, payload: SparkplugPayload, receivedAtMs: number): boolean {
    const node = this.node(nodeId);
    const hole = this.advance(node, payload.seq);
    const nameless = payload.metrics.some(
      ({ name, alias }) => name === null && (alias === null || !node.names.get(device)?.has(alias)),
    );
    return (hole || nameless || !node.born) && this.mayAsk(node, receivedAtMs);
  }

  /** Name and type of a metric: its own, or those of its birth. `null` where no birth named it. */
  nameOf({ nodeId, device }: SparkplugAddress, { name, alias, datatype }: SparkplugMetric): Name | null {
    const born = alias === null ? undefined : this.nodes.get(nodeId)?.names.get(device)?.get(alias);
    if (name !== null && name !== '') return { name, datatype: datatype ?? born?.datatype ?? null };
    return born ? { name: born.name, datatype: datatype ?? born.datatype } : null;
  }

  /** A death certificate. Answers which devices it takes along, or `null` where it belongs to an earlier birth. */
  death({ nodeId, device }: SparkplugAddress, payload: SparkplugPayload): string[] | null {
    const node = this.nodes.get(nodeId);
    if (device !== '') {
      if (node) this.advance(node, payload.seq);
      return [device];
    }
    const number = birthNumberOf(payload.metrics);
    // The will of a broken connection may come after the birth over the next one.
    if (node?.born && number !== null && node.birthNumber !== null && number !== node.birthNumber)
      return null;
    const devices = [...(node?.names.keys() ?? [])].filter((name) => name !== '');
    this.nodes.delete(nodeId);
    return ['', ...devices];
  }

  private node(nodeId: string): Node {
    const known = this.nodes.get(nodeId);
    this.nodes.delete(nodeId);
    const node = known ?? {
      born: false,
      birthNumber: null,
      lastSeq: null,
      names: new Map(),
      aliasCount: 0,
      askedAtMs: null,
    };
    // Set anew, so that the first of the map is the one that is silent for longest.
    this.nodes.set(nodeId, node);
    if (this.nodes.size > NODES_MAX) {
      const [oldest] = this.nodes.keys();
      if (oldest !== undefined) this.nodes.delete(oldest);
    }
    return node;
  }

  /** Answers whether a number is missing. The same number again is a message delivered twice. */
  private advance(node: Node, seq: number | null): boolean {
    if (seq === null || seq > 255) return true;
    const last = node.lastSeq;
    node.lastSeq = seq;
    return last !== null && seq !== last && seq !== (last + 1) % 256;
  }

  private mayAsk(node: Node, receivedAtMs: number): boolean {
    if (node.askedAtMs !== null && receivedAtMs - node.askedAtMs < REBIRTH_AGAIN_MS) return false;
    node.askedAtMs = receivedAtMs;
    return true;
  }
}

function birthNumberOf(metrics: readonly SparkplugMetric[]): number | null {
  const value = metrics.find(({ name }) => name === 'bdSeq')?.value;
  return value?.kind === 'int' || value?.kind === 'long' ? Number(value.bits) : null;
}
