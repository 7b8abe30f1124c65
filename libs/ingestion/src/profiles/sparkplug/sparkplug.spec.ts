import { describe, expect, it } from 'vitest';
import { FLAG_FIELD_REJECTED } from '../../reading.ts';
import { decode, NOON_MS, readingOf, sparkplugPayload } from '../spec-support.ts';
import { REBIRTH_AGAIN_MS, SparkplugNodes } from './sparkplug-nodes.ts';

const topic = (type: string, device?: string) =>
  `spBv1.0/pv-county/${type}/gw-0017${device === undefined ? '' : `/${device}`}`;
const INV = 'INV01';

class Edge {
  readonly nodes = new SparkplugNodes();

  send(type: string, payload: Uint8Array, device?: string, receivedAtMs = NOON_MS + 5_000) {
    return decode('sparkplug-b', topic(type, device), payload, { state: this.nodes, receivedAtMs });
  }

  bear() {
    this.send('NBIRTH', sparkplugPayload([{ name: 'bdSeq', datatype: 8, long: 7n }], { seq: 0 }));
    return this.send(
      'DBIRTH',
      sparkplugPayload(
        [
          { name: 'ActivePower', alias: 3, datatype: 10, double: 9.5 },
          { name: 'TotalEnergy', alias: 4, datatype: 10, double: 3522.8 },
          { name: 'Temperature', alias: 5, datatype: 2, int: 0xffff_fffe },
        ],
        { seq: 1, timestampMs: NOON_MS - 60_000 },
      ),
      INV,
    );
  }
}

const power = (seq: number, timestampMs = NOON_MS - 1_000) =>
  sparkplugPayload([{ alias: 3, timestampMs, datatype: 10, double: 9.65 }], { seq });

describe('Sparkplug B', () => {
  it('reads the values of a birth, signed ones too', () => {
    const decoded = new Edge().bear();
    expect(readingOf(decoded)).toMatchObject({
      sourceId: 'pv-county/gw-0017/INV01',
      measuredAtMs: NOON_MS - 60_000,
      activePowerW: 9500,
      energyTotalWh: 3_522_800,
      temperatureDc: -20,
    });
    expect(decoded).toMatchObject({ presence: [{ online: true }], rebirthNeeded: [] });
  });

  it('reads data by alias, history apart from now, and null as null', () => {
    const edge = new Edge();
    edge.bear();
    const decoded = edge.send(
      'DDATA',
      sparkplugPayload(
        [
          { alias: 3, timestampMs: NOON_MS - 1_000, datatype: 10, double: 9.65 },
          { alias: 4, timestampMs: NOON_MS - 1_000, historical: true, isNull: true },
          { alias: 4, timestampMs: NOON_MS - 900_000, historical: true, float: 3522.9 },
        ],
        { seq: 2 },
      ),
      INV,
    );
    expect(decoded.readings).toMatchObject([
      { measuredAtMs: NOON_MS - 1_000, activePowerW: 9650, energyTotalWh: null, historical: false, flags: 0 },
      { measuredAtMs: NOON_MS - 1_000, energyTotalWh: null, historical: true, flags: 0 },
      { measuredAtMs: NOON_MS - 900_000, energyTotalWh: 3_522_900, historical: true },
    ]);
  });

  it('asks for a rebirth at a hole, once a minute, and not where the number wraps or repeats', () => {
    const edge = new Edge();
    edge.bear();
    for (let seq = 2; seq <= 257; seq += 1)
      expect(edge.send('DDATA', power(seq % 256), INV).rebirthNeeded).toEqual([]);
    expect(edge.send('DDATA', power(1), INV).rebirthNeeded).toEqual([]);
    const hole = edge.send('DDATA', power(3), INV);
    expect(hole.rebirthNeeded).toEqual(['pv-county/gw-0017']);
    expect(hole.readings).toHaveLength(1);
    expect(edge.send('DDATA', power(9), INV).rebirthNeeded).toEqual([]);
    const later = NOON_MS + 5_000 + REBIRTH_AGAIN_MS;
    expect(edge.send('DDATA', power(19), INV, later).rebirthNeeded).toHaveLength(1);
    edge.bear();
    expect(edge.send('DDATA', power(2), INV).rebirthNeeded).toEqual([]);
  });

  it('asks who it does not know, and keeps what it cannot name in quarantine', () => {
    const decoded = new Edge().send('DDATA', power(17), INV);
    expect(decoded).toMatchObject({
      readings: [],
      rejections: [{ reason: 'schema' }],
      rebirthNeeded: ['pv-county/gw-0017'],
    });
  });

  it('forgets the aliases of a node that died, but not at the will of an earlier birth', () => {
    const edge = new Edge();
    edge.bear();
    const will = (number: bigint) => sparkplugPayload([{ name: 'bdSeq', datatype: 8, long: number }], {});
    expect(edge.send('NDEATH', will(6n))).toMatchObject({ presence: [], ignored: [{ reason: 'control' }] });
    expect(edge.send('DDATA', power(2), INV).readings).toHaveLength(1);
    expect(edge.send('NDEATH', will(7n)).presence).toMatchObject([
      { sourceId: 'pv-county/gw-0017', online: false },
      { sourceId: 'pv-county/gw-0017/INV01', online: false },
    ]);
    expect(edge.send('DDATA', power(3), INV).readings).toEqual([]);
  });

  it('flags a metric without a value that is not called null', () => {
    const edge = new Edge();
    edge.bear();
    const decoded = edge.send(
      'DDATA',
      sparkplugPayload([{ alias: 3 }, { alias: 4, float: 1 }], { seq: 2 }),
      INV,
    );
    expect(readingOf(decoded)).toMatchObject({
      activePowerW: null,
      energyTotalWh: 1_000,
      flags: FLAG_FIELD_REJECTED,
    });
  });

  it('refuses a clock from before the fleet', () => {
    const edge = new Edge();
    edge.bear();
    expect(edge.send('DDATA', power(2, 1_748_743_200), INV)).toMatchObject({
      readings: [],
      rejections: [{ reason: 'too_old' }],
    });
  });

  it('leaves states and commands alone', () => {
    const state = decode('sparkplug-b', 'spBv1.0/STATE/host-1', { online: true, timestamp: NOON_MS });
    expect(state.ignored).toMatchObject([{ reason: 'control' }]);
    expect(new Edge().send('DCMD', power(1), INV).ignored).toMatchObject([{ reason: 'control' }]);
  });

  it('says what is wrong with bytes that are no payload', () => {
    const cut = power(2).subarray(0, 12);
    for (const bytes of [cut, Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f), Uint8Array.of(0, 1)])
      expect(new Edge().send('DDATA', bytes, INV).rejections).toMatchObject([{ reason: 'unparsable' }]);
  });
});
