/**
 * The part of Sparkplug B's protobuf that telemetry needs (Eclipse Sparkplug 3.0, chapter 6): the payload and its
 * metrics with plain values. Data sets, templates, properties and bodies are skipped by their length.
 */

/** A birth certificate names everything a gateway has; 30 inverters with 150 points each fit. */
const METRICS_MAX = 5_000;
const NAME_LENGTH_MAX = 200;

export interface SparkplugMetric {
  name: string | null;
  /** Aliases are 64 bits wide; as text they compare exactly. */
  alias: string | null;
  timestampMs: number | null;
  datatype: number | null;
  historical: boolean;
  isNull: boolean;
  /** `undefined` where the metric has none of the plain values. */
  value: SparkplugValue | undefined;
}

export type SparkplugValue =
  | { kind: 'int' | 'long'; bits: bigint }
  | { kind: 'number'; number: number }
  | { kind: 'boolean'; boolean: boolean }
  | { kind: 'string'; string: string };

export interface SparkplugPayload {
  timestampMs: number | null;
  seq: number | null;
  metrics: SparkplugMetric[];
}

class WireError extends Error {}

/** Reads a payload, or says what is wrong with it. Never reads beyond its bytes. */
export function readPayload(bytes: Uint8Array): SparkplugPayload | { problem: string } {
  try {
    return payloadOf(new Reader(bytes));
  } catch (error) {
    if (error instanceof WireError) return { problem: error.message };
    throw error;
  }
}

function payloadOf(reader: Reader): SparkplugPayload {
  const payload: SparkplugPayload = { timestampMs: null, seq: null, metrics: [] };
  for (let tag = reader.tag(); tag !== null; tag = reader.tag()) {
    const { field, wire } = tag;
    if (field === 1 && wire === 0) payload.timestampMs = reader.count();
    else if (field === 2 && wire === 2) {
      if (payload.metrics.length >= METRICS_MAX) throw new WireError(`more than ${METRICS_MAX} metrics`);
      payload.metrics.push(metricOf(reader.part()));
    } else if (field === 3 && wire === 0) payload.seq = reader.count();
    else reader.skip(wire);
  }
  return payload;
}

function metricOf(reader: Reader): SparkplugMetric {
  const metric: SparkplugMetric = {
    name: null,
    alias: null,
    timestampMs: null,
    datatype: null,
    historical: false,
    isNull: false,
    value: undefined,
  };
  for (let tag = reader.tag(); tag !== null; tag = reader.tag()) {
    const { field, wire } = tag;
    const handled =
      wire === 0 ? varintField(metric, field, reader) : fixedField(metric, { field, wire, reader });
    if (!handled) reader.skip(wire);
  }
  return metric;
}

function varintField(metric: SparkplugMetric, field: number, reader: Reader): boolean {
  switch (field) {
    case 2:
      metric.alias = reader.varint().toString();
      return true;
    case 3:
      metric.timestampMs = reader.count();
      return true;
    case 4:
      metric.datatype = reader.count();
      return true;
    case 5:
      metric.historical = reader.varint() !== 0n;
      return true;
    case 7:
      metric.isNull = reader.varint() !== 0n;
      return true;
    case 10:
      metric.value = { kind: 'int', bits: reader.varint() };
      return true;
    case 11:
      metric.value = { kind: 'long', bits: reader.varint() };
      return true;
    case 14:
      metric.value = { kind: 'boolean', boolean: reader.varint() !== 0n };
      return true;
    default:
      return false;
  }
}

function fixedField(
  metric: SparkplugMetric,
  { field, wire, reader }: { field: number; wire: number; reader: Reader },
): boolean {
  if (field === 1 && wire === 2) metric.name = reader.text(NAME_LENGTH_MAX);
  else if (field === 12 && wire === 5) metric.value = { kind: 'number', number: reader.float() };
  else if (field === 13 && wire === 1) metric.value = { kind: 'number', number: reader.double() };
  else if (field === 15 && wire === 2)
    metric.value = { kind: 'string', string: reader.text(NAME_LENGTH_MAX) };
  else return false;
  return true;
}

/** Field of a number type → the number or text it stands for; `null` where it is none. */
export function plainValue(value: SparkplugValue, datatype: number | null): number | string | boolean | null {
  switch (value.kind) {
    case 'number':
      return value.number;
    case 'boolean':
      return value.boolean;
    case 'string':
      return value.string;
    case 'int':
    case 'long':
      return Number(withSign(value.bits, datatype));
  }
}

/** Int8, Int16, Int32 and Int64 (datatypes 1 to 4) come as two's complement in unsigned fields. */
const SIGNED_BITS: ReadonlyMap<number | null, number> = new Map([
  [1, 8],
  [2, 16],
  [3, 32],
  [4, 64],
]);

function withSign(bits: bigint, datatype: number | null): bigint {
  const width = SIGNED_BITS.get(datatype);
  return width === undefined ? bits : BigInt.asIntN(width, bits);
}

const utf8 = new TextDecoder('utf-8');

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next field, or `null` at the end. */
  tag(): { field: number; wire: number } | null {
    if (this.at >= this.bytes.length) return null;
    const tag = this.count();
    const field = Math.floor(tag / 8);
    if (field === 0) throw new WireError('a field without a number');
    return { field, wire: tag % 8 };
  }

  varint(): bigint {
    let low = 0;
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new WireError('cut inside a number');
      this.at += 1;
      // Four groups of seven bits fit a plain number, and almost all numbers end there.
      if (index < 4) low += (byte & 0x7f) * 2 ** (7 * index);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if ((byte & 0x80) === 0) return BigInt.asUintN(64, value | BigInt(low));
    }
    throw new WireError('a number of more than 64 bits');
  }

  /** A count or time; beyond 2^53 it is none. */
  count(): number {
    const value = Number(this.varint());
    if (!Number.isSafeInteger(value)) throw new WireError('a count or time beyond 2^53');
    return value;
  }

  part(): Reader {
    return new Reader(this.slice(this.count()));
  }

  text(lengthMax: number): string {
    const length = this.count();
    if (length > lengthMax * 4) throw new WireError(`a text of ${length} bytes`);
    return utf8.decode(this.slice(length));
  }

  float(): number {
    const at = this.at;
    this.slice(4);
    return this.view.getFloat32(at, true);
  }

  double(): number {
    const at = this.at;
    this.slice(8);
    return this.view.getFloat64(at, true);
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.slice(8);
    else if (wire === 2) this.slice(this.count());
    else if (wire === 5) this.slice(4);
    else throw new WireError(`wire type ${wire}`);
  }

  private slice(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new WireError('cut inside a field');
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }
}
