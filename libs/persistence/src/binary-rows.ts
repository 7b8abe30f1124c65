import { BadValueError } from './bad-value.ts';

/** Numbers of built-in types; they are part of PostgreSQL's catalogue and never change. */
const OID = {
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  int2List: 1005,
  int4List: 1007,
  date: 1082,
  timestamptz: 1184,
} as const;
const UNKNOWN_BYTES = -1;
const UNIX_TO_POSTGRES_MS = 946_684_800_000;
const UNIX_TO_POSTGRES_DAYS = 10_957;
const DAY_MS = 86_400_000;
const TWO_TO_32 = 4_294_967_296;
const INT2_MAX = 32_767;
/** Room for a value of a row to begin with, its type and length with it; more is taken when it is needed. */
const VALUE_BYTES = 16;

/**
 * Rows of a composite type as one parameter in PostgreSQL's binary format, for `unnest($1::my_type[])`: thousands of rows
 * of twenty columns cost a tenth of the same columns as twenty arrays of text. Values follow the order of the type.
 * @throws BadValueError where a value does not fit its column; nobody else's row is to blame.
 */
export class BinaryRows {
  private bytes: Buffer;
  private view: DataView;
  private end = 20;
  private rows = 0;

  /**
   * @param rowOid the composite type's, as `'my_type'::regtype::oid` tells.
   * @param columns how many it has.
   * @param expected about how many rows are coming.
   */
  constructor(
    private readonly rowOid: number,
    private readonly columns: number,
    expected = 1,
  ) {
    this.bytes = Buffer.allocUnsafe(64 + expected * columns * VALUE_BYTES);
    this.view = viewOf(this.bytes);
  }

  /** Writes one row; `fill` writes its columns. */
  row(fill: (row: this) => void): void {
    const lengthAt = this.beginSized(4);
    this.putInt4(this.columns);
    fill(this);
    this.endSized(lengthAt);
    this.rows += 1;
  }

  int2(value: number | null): void {
    if (this.beginValue(OID.int2, value, 2)) this.putInt2(value);
  }

  int4(value: number | null): void {
    if (this.beginValue(OID.int4, value, 4)) this.putInt4(value);
  }

  /** Whole numbers up to 2^53. */
  int8(value: number | null): void {
    if (this.beginValue(OID.int8, value, 8)) this.putInt8(value);
  }

  text(value: string | null): void {
    const bytes = value === null ? 0 : Buffer.byteLength(value);
    if (this.beginValue(OID.text, value, bytes)) this.end += this.bytes.write(value, this.end);
  }

  /** @param atMs an instant, or null. */
  instant(atMs: number | null): void {
    if (this.beginValue(OID.timestamptz, atMs, 8))
      this.putInt8(Math.trunc(atMs - UNIX_TO_POSTGRES_MS) * 1000);
  }

  /** @param day `YYYY-MM-DD`. */
  day(day: string): void {
    if (this.beginValue(OID.date, day, 4)) this.putInt4(Date.parse(day) / DAY_MS - UNIX_TO_POSTGRES_DAYS);
  }

  int2List(values: readonly (number | null)[] | null): void {
    if (!this.beginValue(OID.int2List, values, 0)) return;
    const lengthAt = this.end - 4;
    this.beginList(OID.int2, values);
    for (const value of values) {
      this.reserve(8);
      this.putInt4(value === null ? UNKNOWN_BYTES : 2);
      if (value !== null) this.putInt2(value);
    }
    this.endSized(lengthAt);
  }

  int4List(values: readonly (number | null)[] | null): void {
    if (!this.beginValue(OID.int4List, values, 0)) return;
    const lengthAt = this.end - 4;
    this.beginList(OID.int4, values);
    for (const value of values) {
      this.reserve(8);
      this.putInt4(value === null ? UNKNOWN_BYTES : 4);
      if (value !== null) this.putInt4(value);
    }
    this.endSized(lengthAt);
  }

  /** The parameter; nothing may be written after it. */
  toBuffer(): Buffer {
    const header = [this.rows === 0 ? 0 : 1, 0, this.rowOid, this.rows, 1];
    for (const [index, value] of header.entries()) this.bytes.writeUInt32BE(value, index * 4);
    return this.bytes.subarray(0, this.rows === 0 ? 12 : this.end);
  }

  /** Type and length of a value; false where there is none. */
  private beginValue<T>(oid: number, value: T | null, bytes: number): value is T {
    this.reserve(8 + bytes);
    this.putInt4(oid);
    this.putInt4(value === null ? UNKNOWN_BYTES : bytes);
    return value !== null;
  }

  private beginList(oid: number, values: readonly unknown[]): void {
    this.reserve(20);
    this.putInt4(values.length === 0 ? 0 : 1);
    this.putInt4(values.includes(null) ? 1 : 0);
    this.putInt4(oid);
    if (values.length === 0) return;
    this.putInt4(values.length);
    this.putInt4(1);
  }

  /** Leaves room for a length that is known at the end of it. */
  private beginSized(more: number): number {
    this.reserve(4 + more);
    this.end += 4;
    return this.end - 4;
  }

  private endSized(lengthAt: number): void {
    this.view.setInt32(lengthAt, this.end - lengthAt - 4);
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.end + bytes));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  private putInt2(value: number): void {
    if (!Number.isInteger(value) || value > INT2_MAX || value < -INT2_MAX - 1)
      throw new BadValueError(value, 'int2');
    this.view.setInt16(this.end, value);
    this.end += 2;
  }

  private putInt4(value: number): void {
    if (value !== (value | 0)) throw new BadValueError(value, 'int4');
    this.view.setInt32(this.end, value);
    this.end += 4;
  }

  private putInt8(value: number): void {
    if (!Number.isSafeInteger(value)) throw new BadValueError(value, 'int8');
    const high = Math.floor(value / TWO_TO_32);
    this.view.setInt32(this.end, high);
    this.view.setUint32(this.end + 4, value - high * TWO_TO_32);
    this.end += 8;
  }
}

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
