import { describe, expect, it } from 'vitest';
import { FLAG_FIELD_REJECTED, type Reading } from '../reading.ts';
import { validateReading } from '../validate.ts';
import { SPEAKING_FIELDS } from './builtin/rules.ts';
import { profileSchema, type ProfileInput } from './profile.ts';
import { decode, NOON_MS, profileOf, readingOf } from './spec-support.ts';
import type { ProfileReading } from './profile-reading.ts';

/** The neutral form of the cases: speaking names, epoch ms. */
const neutralInput: ProfileInput = {
  id: 'neutral',
  name: { zh: '中性格式', en: 'Neutral form' },
  topics: ['pv/v1/{station}/{device}/telemetry'],
  payload: 'json',
  records: [{ each: 'array' }],
  containers: ['values', ''],
  identity: [[{ from: 'topic', name: 'station' }], [{ from: 'topic', name: 'device' }]],
  time: { sources: [{ place: { from: 'record', path: 'ts' }, format: 'epoch_ms' }] },
  fields: SPEAKING_FIELDS,
};
const neutral = profileSchema.parse(neutralInput);
const variant = (change: Partial<ProfileInput>) => profileSchema.parse({ ...neutralInput, ...change });
const TOPIC = 'pv/v1/ST001/INV01/telemetry';
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

const known = ({ profileId: _id, ...reading }: ProfileReading): Reading => ({
  ...reading,
  stationCode: 'ST001',
  deviceCode: 'INV01',
});
const device = {
  deviceId: 1,
  stationId: 1,
  ratedPowerW: 10_000,
  kind: 'inverter' as const,
  commissionedOn: '2018-01-01',
};

describe('payload cases', () => {
  const nanMessages = [
    '{"ts":1748743200000,"p_kw":20.0,"e_total_kwh":1000.0,"t_c":31.5}',
    '{"ts":1748743320000,"p_kw":18.0,"e_total_kwh":1000.6,"t_c":nan}',
    '{"ts":1748743440000,"p_kw":18.5,"e_total_kwh":1001.2,"t_c":-nan}',
    '{"ts":1748743560000,"p_kw":19.0,"e_total_kwh":1001.8,"t_c":31.9}',
  ];

  it('PAY-01 a lenient profile loses only the nan, flagged', () => {
    const lenient = variant({ nanTokens: true });
    const readings = nanMessages.map((text) => readingOf(decode(lenient, TOPIC, text)));
    expect(readings.map(({ temperatureDc }) => temperatureDc)).toEqual([315, null, null, 319]);
    expect(readings.map(({ energyTotalWh }) => energyTotalWh)).toEqual([
      1_000_000, 1_000_600, 1_001_200, 1_001_800,
    ]);
    expect(readings.map(({ flags }) => flags)).toEqual([0, FLAG_FIELD_REJECTED, FLAG_FIELD_REJECTED, 0]);
  });

  it('PAY-01 a strict profile puts the message aside', () => {
    const decoded = nanMessages.map((text) => decode(neutral, TOPIC, text));
    expect(decoded.flatMap(({ readings }) => readings)).toHaveLength(2);
    expect(decoded.flatMap(({ rejections }) => rejections)).toMatchObject([
      { reason: 'unparsable' },
      { reason: 'unparsable' },
    ]);
  });

  it.each(['utf-8', 'utf-8-or-gbk'] as const)(
    'PAY-03 a message cut in the middle with another behind it is refused whole (%s)',
    (encoding) => {
      const payload = hex(
        '7b22496e766572746572537461747573223a312c224f7574707574506f776572223a353335382c22546f74616c47656e65726174' +
          '65456e65726779223a313332392e372c22456e6572677931d30a000c656e657267792f736f6c61727b22496e76657274657253' +
          '7461747573223a312c224f7574707574506f776572223a353330312e347d',
      );
      const decoded = decode({ ...profileOf('growatt-open-gateway'), encoding }, 'energy/solar', payload);
      expect(decoded).toMatchObject({ readings: [], rejections: [{ reason: 'not_utf8' }] });
    },
  );

  it('PAY-04 a NUL at the end is not part of the message', () => {
    const payload = hex(
      '7b227473223a313734383734333230303030302c22705f6b77223a332e32312c22655f746f74616c5f6b7768223a3530302e357d00',
    );
    expect(readingOf(decode(neutral, TOPIC, payload))).toMatchObject({
      activePowerW: 3210,
      energyTotalWh: 500_500,
      flags: 0,
    });
  });

  const gbk = hex(
    '7b227473223a313734383734333230303030302c226e616d65223a22d2bbbac5c4e6b1e4c6f7222c22705f6b77223a352e322c22' +
      '655f746f74616c5f6b7768223a3838302e317d',
  );

  it('PAY-06 a name in GBK does not cost the numbers, and never becomes an id', () => {
    for (const encoding of ['gbk', 'utf-8-or-gbk'] as const)
      expect(readingOf(decode(variant({ encoding }), TOPIC, gbk))).toMatchObject({
        sourceId: 'ST001/INV01',
        activePowerW: 5200,
        energyTotalWh: 880_100,
      });
    expect(decode(neutral, TOPIC, gbk).rejections).toMatchObject([{ reason: 'not_utf8' }]);
  });

  it('PAY-06 a profile that says GBK reads the name as it was written', () => {
    const named = variant({ encoding: 'gbk', identity: [[{ from: 'root', path: 'name' }]] });
    expect(readingOf(decode(named, TOPIC, gbk)).sourceId).toBe('一号逆变器');
  });

  it('PAY-08 a byte order mark is not part of the message', () => {
    const payload = hex(
      'efbbbf7b227473223a313734383734333230303030302c22705f6b77223a372e302c22655f746f74616c5f6b7768223a39302e307d',
    );
    expect(readingOf(decode(neutral, TOPIC, payload))).toMatchObject({
      activePowerW: 7000,
      energyTotalWh: 90_000,
    });
  });

  it('PAY-09 numbers as text are numbers where the profile says so, and "-", "N/A" and "" are no value', () => {
    const message = {
      ts: NOON_MS,
      e_total_wh: '22706.0',
      e_day_wh: '-',
      p_w: '',
      freq_hz: 'N/A',
      u_v: null,
      t_c: ' 31.5 ',
    };
    const texts = variant({ textNumbers: true, notAvailableTexts: ['', '-', 'N/A'] });
    expect(readingOf(decode(texts, TOPIC, message))).toMatchObject({
      energyTotalWh: 22_706,
      energyDayWh: null,
      activePowerW: null,
      frequencyChz: null,
      temperatureDc: 315,
      extras: { phase_voltage_a_v: null },
      flags: 0,
    });
    expect(readingOf(decode(neutral, TOPIC, message))).toMatchObject({
      energyTotalWh: null,
      activePowerW: null,
      temperatureDc: null,
      flags: FLAG_FIELD_REJECTED,
    });
  });

  it('PAY-11 an exponent in a text is part of the number', () => {
    const decoded = decode(variant({ textNumbers: true }), TOPIC, { ts: NOON_MS, e_total_wh: '2.2706E4' });
    expect(readingOf(decoded).energyTotalWh).toBe(22_706);
  });

  it('PAY-12 __proto__ and constructor are ordinary keys and ordinary ids', () => {
    const text =
      '{"ts":1748743200000,"p_kw":1.5,"__proto__":{"admin":true,"p_kw":99},"constructor":{"prototype":{"hacked":1}}}';
    expect(readingOf(decode(neutral, TOPIC, text)).activePowerW).toBe(1500);
    for (const station of ['__proto__', 'constructor', 'toString'])
      expect(readingOf(decode(neutral, `pv/v1/${station}/INV01/telemetry`, text)).sourceId).toBe(
        `${station}/INV01`,
      );
    const paths = variant({
      identity: [[{ from: 'root', path: 'constructor.name' }], [{ from: 'root', path: '__proto__.x' }]],
    });
    expect(decode(paths, TOPIC, { ts: NOON_MS, p_kw: 1 }).rejections).toMatchObject([
      { reason: 'unknown_device' },
    ]);
    expect(Object.hasOwn(Object.prototype, 'admin') || Object.hasOwn(Object.prototype, 'hacked')).toBe(false);
  });

  it('PAY-14 628 records after an outage are 628 readings', () => {
    const records = Array.from({ length: 628 }, (_, index) => ({
      ts: 1_748_642_400_000 + index * 60_000,
      values: { p_kw: 10, e_total_kwh: 5000 + index * 0.1666 },
    }));
    const { readings, rejections } = decode('thingsboard-device', 'v1/devices/me/telemetry', records);
    expect(readings).toHaveLength(628);
    expect(rejections).toEqual([]);
    expect(new Date(readings[0]?.measuredAtMs ?? 0).toISOString()).toBe('2025-05-30T22:00:00.000Z');
    expect(new Date(readings.at(-1)?.measuredAtMs ?? 0).toISOString()).toBe('2025-05-31T08:27:00.000Z');
  });

  const twoChannels = { Time: '2025-09-18T11:19:21', ENERGY: { Total: [2.813, 0.254], Power: [52, 5] } };
  const tariffs = {
    Time: '2025-09-29T07:55:45',
    ENERGY: { Total: [681.772, 113.992, 567.783], Power: 275.1 },
  };

  it('PAY-16 the profile says what an array stands for', () => {
    expect(readingOf(decode('tasmota-channels', 'tele/a/SENSOR', twoChannels))).toMatchObject({
      energyTotalWh: 3_067,
      activePowerW: 57,
      flags: 0,
    });
    expect(readingOf(decode('tasmota-tariffs', 'tele/a/SENSOR', tariffs))).toMatchObject({
      energyTotalWh: 681_772,
      activePowerW: 275,
      flags: 0,
    });
  });

  it('PAY-16 without such a profile an array is flagged, not guessed', () => {
    expect(readingOf(decode('tasmota', 'tele/a/SENSOR', tariffs))).toMatchObject({
      energyTotalWh: null,
      activePowerW: 275,
      flags: FLAG_FIELD_REJECTED,
    });
  });
});

describe('unit cases', () => {
  const metered = variant({
    fields: [{ target: 'active_power', paths: ['power'], unit: 'kW', unitPath: 'unit' }],
  });

  it('UNI-03 takes the unit that the message says, else that of the profile', () => {
    const power = (message: object) => readingOf(decode(metered, TOPIC, { ts: NOON_MS, ...message }));
    expect(power({ power: 8000, unit: 'W' }).activePowerW).toBe(8000);
    expect(power({ power: 1.5, unit: 'kW' }).activePowerW).toBe(1500);
    expect(power({ power: 8, unit: 'hp' })).toMatchObject({ activePowerW: null, flags: FLAG_FIELD_REJECTED });
    const wrong = power({ power: 8000, unit: null });
    expect(wrong.activePowerW).toBe(8_000_000);
    expect(validateReading(known(wrong), device, NOON_MS)).toMatchObject({
      reading: { activePowerW: null, flags: FLAG_FIELD_REJECTED },
    });
  });

  it('UNI-04 divides raw registers each by its own divisor', () => {
    const decoded = decode('growatt-grott', 'energy/growatt', {
      device: 'XGD0000001',
      time: '2025-11-29T22:51:32',
      buffered: 'no',
      values: {
        pvstatus: 0,
        pvpowerout: 0,
        pvfrequentie: 5001,
        pvgridvoltage: 2304,
        pvenergytoday: 7,
        pvenergytotal: 35229,
        totworktime: 42984395,
      },
    });
    const reading = readingOf(decoded);
    expect(reading).toMatchObject({
      measuredAtMs: Date.parse('2025-11-29T22:51:32+08:00'),
      activePowerW: 0,
      energyTotalWh: 3_522_900,
      energyDayWh: 700,
      frequencyChz: 5001,
      extras: { phase_voltage_a_v: 230.4 },
    });
    expect(reading.extras['work_time_h']).toBeCloseTo(5970.05, 2);
  });
});

describe('time cases', () => {
  const seconds = [
    { ts: 1_559_206_140, values: { p_kw: 10 } },
    { ts: 1_648_731_311, values: { p_kw: 11 } },
  ];

  it('TIM-01 seconds are seconds where the profile says so', () => {
    const inSeconds = variant({
      time: { sources: [{ place: { from: 'record', path: 'ts' }, format: 'epoch_s' }] },
    });
    const stored = decode(inSeconds, TOPIC, seconds).readings.map(({ measuredAtMs }) => measuredAtMs);
    expect(stored).toEqual([
      Date.parse('2019-05-30T16:49:00+08:00'),
      Date.parse('2022-03-31T20:55:11+08:00'),
    ]);
  });

  it('TIM-01 seconds under a profile of milliseconds are no readings of 1970', () => {
    const decoded = decode('thingsboard-device', 'v1/devices/me/telemetry', seconds);
    expect(decoded.readings).toEqual([]);
    expect(decoded.rejections.map(({ reason }) => reason)).toEqual(['too_old', 'too_old']);
    expect(decoded.rejections[0]?.detail).toContain('2019-05-30T08:49:00.000Z');
  });

  it('TIM-03 an uptime is neither a reading of 1970 nor of 2031', () => {
    const topic = 'vzlogger/data/chn0/raw';
    const message = { timestamp: 1_930_876_000, value: 418_906.1 };
    const receivedAtMs = Date.parse('2021-04-16T03:02:50+08:00');
    const decoded = decode('vzlogger', topic, message, { receivedAtMs });
    expect(decoded).toMatchObject({ readings: [], rejections: [{ reason: 'too_old' }] });
    const profile = profileOf('vzlogger');
    const trusting = { ...profile, time: { ...profile.time, whenUnusable: 'received' as const } };
    expect(readingOf(decode(trusting, topic, message, { receivedAtMs }))).toMatchObject({
      measuredAtMs: receivedAtMs,
      timeSource: 'received',
    });
  });

  it('TIM-05 a year that is one ahead is not stored, or is right where the epoch is used', () => {
    const receivedAtMs = Date.parse('2024-12-30T05:00:14Z');
    const message = { time: '2025-12-30T00:00:13-05:00', epoch: 1_735_534_813, p_kw: 0 };
    const text = { place: { from: 'record' as const, path: 'time' }, format: 'iso' as const };
    const epoch = { place: { from: 'record' as const, path: 'epoch' }, format: 'epoch_s' as const };
    const byEpoch = variant({ time: { sources: [epoch, text] } });
    expect(readingOf(decode(byEpoch, TOPIC, message, { receivedAtMs })).measuredAtMs).toBe(
      Date.parse('2024-12-30T05:00:13Z'),
    );
    const byText = readingOf(
      decode(variant({ time: { sources: [text] } }), TOPIC, message, { receivedAtMs }),
    );
    expect(validateReading(known(byText), device, receivedAtMs)).toMatchObject({ reason: 'future' });
  });

  it('TIM-11 a clock ahead is accepted by minutes and quarantined by hours', () => {
    const iso = variant({ time: { sources: [{ place: { from: 'record', path: 'ts' }, format: 'iso' }] } });
    const receivedAtMs = Date.parse('2025-06-01T12:00:00+08:00');
    const verdict = (ts: string) =>
      validateReading(
        known(readingOf(decode(iso, TOPIC, { ts, p_kw: 9 }, { receivedAtMs }))),
        device,
        receivedAtMs,
      );
    expect(verdict('2025-06-01T12:03:00+08:00')).toMatchObject({ reading: { activePowerW: 9000 } });
    expect(verdict('2025-06-01T14:00:00+08:00')).toMatchObject({ reason: 'future' });
    expect(verdict('2025-06-02T13:00:00+08:00')).toMatchObject({ reason: 'future' });
  });
});

describe('status cases', () => {
  it('STA-01 values that a cloud repeats keep the time at which the device measured them', () => {
    const cloud = variant({
      time: {
        sources: [{ place: { from: 'record', path: 'device_time' }, format: 'iso', zone: 'Asia/Shanghai' }],
      },
    });
    const at = (receivedAt: string) =>
      readingOf(
        decode(
          cloud,
          TOPIC,
          { device_time: '2025-02-09 17:29:40', lost: false, u_v: 231, t_c: 24.1, p_kw: 0.02 },
          { receivedAtMs: Date.parse(receivedAt) },
        ),
      ).measuredAtMs;
    expect(at('2025-02-09T21:00:00+08:00')).toBe(at('2025-02-09T17:30:00+08:00'));
    expect(at('2025-02-09T21:00:00+08:00')).toBe(Date.parse('2025-02-09T17:29:40+08:00'));
  });

  it('STA-02 an unknown status number is neither normal nor a fault, and stays to be seen', () => {
    const family = variant({
      statuses: { 0: 'standby', 1: 'standby', 2: 'running', 3: 'running', 4: 'fault' },
    });
    const shown = [2, 4, 17, '2', null].map((status) => {
      const reading = readingOf(decode(family, TOPIC, { ts: NOON_MS, status }));
      return [reading.status, reading.vendorStatus, reading.flags];
    });
    expect(shown).toEqual([
      ['running', '2', 0],
      ['fault', '4', 0],
      [null, '17', 0],
      ['running', '2', 0],
      [null, null, 0],
    ]);
  });
});
