import { describe, expect, it } from 'vitest';
import { TopicAssembler } from './topic-assembler.ts';
import { bytesOf, NOON_MS, profileOf } from './spec-support.ts';
import type { ProfileReading } from './profile-reading.ts';

class Feed {
  readonly assembler: TopicAssembler;
  readonly readings: ProfileReading[] = [];

  constructor(profileId: string) {
    this.assembler = new TopicAssembler(profileOf(profileId));
  }

  send(topic: string, payload: string | number, atMs = NOON_MS + 1_000, retained = false) {
    const decoded = this.assembler.accept({
      topic,
      payload: bytesOf(String(payload)),
      receivedAtMs: atMs,
      retained,
    });
    this.readings.push(...decoded.readings);
    return decoded;
  }

  due(nowMs: number) {
    this.readings.push(...this.assembler.due(nowMs));
    return this.readings;
  }
}

describe('OpenDTU', () => {
  const dtu = 'solar/110000000001';

  function round(feed: Feed, { lastUpdate, power }: { lastUpdate: number; power: number }, atMs: number) {
    feed.send(`${dtu}/status/last_update`, lastUpdate, atMs);
    feed.send(`${dtu}/0/power`, power, atMs + 10);
    feed.send(`${dtu}/0/yieldday`, 1532, atMs + 20);
    feed.send(`${dtu}/0/yieldtotal`, 1204.511, atMs + 30);
    feed.send(`${dtu}/0/frequency`, 49.98, atMs + 40);
    feed.send(`${dtu}/1/voltage`, 33.4, atMs + 50);
  }

  it('makes one reading of the values, at the time that last_update says', () => {
    const feed = new Feed('opendtu');
    round(feed, { lastUpdate: NOON_MS / 1000, power: 412.3 }, NOON_MS + 1_000);
    expect(feed.readings).toEqual([]);
    expect(feed.assembler.oldestOpenAtMs()).toBe(NOON_MS + 1_000);
    expect(feed.due(NOON_MS + 4_000)).toMatchObject([
      {
        sourceId: '110000000001',
        measuredAtMs: NOON_MS,
        timeSource: 'device',
        activePowerW: 412,
        energyDayWh: 1532,
        energyTotalWh: 1_204_511,
        frequencyChz: 4998,
        stringVoltagesDv: [334],
        flags: 0,
      },
    ]);
    expect(feed.assembler.oldestOpenAtMs()).toBeNull();
  });

  it('keeps rounds apart that arrive at one moment, whichever way round they are sent', () => {
    const timeFirst = new Feed('opendtu');
    round(timeFirst, { lastUpdate: NOON_MS / 1000, power: 100 }, NOON_MS + 90_000);
    round(timeFirst, { lastUpdate: NOON_MS / 1000 + 60, power: 200 }, NOON_MS + 90_000);
    const timeLast = new Feed('opendtu');
    for (const [power, seconds] of [
      [100, 0],
      [200, 60],
    ] as const) {
      timeLast.send(`${dtu}/0/power`, power);
      timeLast.send(`${dtu}/status/last_update`, NOON_MS / 1000 + seconds);
    }
    for (const feed of [timeFirst, timeLast])
      expect(
        feed.due(NOON_MS + 200_000).map(({ measuredAtMs, activePowerW }) => [measuredAtMs, activePowerW]),
      ).toEqual([
        [NOON_MS, 100],
        [NOON_MS + 60_000, 200],
      ]);
  });

  it('does not use a name as an id, nor retained values as new ones', () => {
    const feed = new Feed('opendtu');
    expect(feed.send(`${dtu}/name`, 'Dach-1').ignored).toMatchObject([{ reason: 'not_mapped' }]);
    const retained = feed.send(`${dtu}/0/power`, 1, NOON_MS, true);
    expect(retained.ignored).toMatchObject([{ reason: 'retained' }]);
    expect(feed.send('solar/ac/power', 900).readings).toEqual([]);
    expect(feed.due(NOON_MS + 99_000)).toEqual([]);
  });

  it('tells who is reachable', () => {
    const feed = new Feed('opendtu');
    expect(feed.send(`${dtu}/status/reachable`, 0).presence).toMatchObject([
      { sourceId: '110000000001', online: false },
    ]);
  });

  it('refuses a last_update that says seconds since the start', () => {
    const feed = new Feed('opendtu');
    expect(feed.send(`${dtu}/status/last_update`, 4711).rejections).toMatchObject([{ reason: 'too_old' }]);
  });
});

describe('loggers without a time', () => {
  it('reads Deye at the time of receipt, zero included', () => {
    const feed = new Feed('deye-mqtt');
    feed.send('deye/ac/active_power', '1430.0');
    feed.send('deye/day_energy', '0');
    feed.send('deye/total_energy', '812.6');
    feed.send('deye/radiator_temp', '41.3');
    expect(feed.send('deye/operating_power', '1430.0').ignored).toHaveLength(1);
    expect(feed.due(NOON_MS + 5_000)).toMatchObject([
      {
        sourceId: 'deye',
        measuredAtMs: NOON_MS + 1_000,
        timeSource: 'received',
        activePowerW: 1430,
        energyDayWh: 0,
        energyTotalWh: 812_600,
        temperatureDc: 413,
      },
    ]);
  });

  it('does not take the total of AhoyDTU for a device', () => {
    const feed = new Feed('ahoydtu');
    feed.send('inverter/hm600/ch0/P_AC', '231.4');
    feed.send('inverter/hm600/ch0/YieldDay', '812');
    feed.send('inverter/hm600/ch0/YieldTotal', '669.094');
    feed.send('inverter/total/P_AC', '512.0');
    expect(feed.send('inverter/total/ch0/P_AC', '512.0').ignored).toMatchObject([{ reason: 'not_a_device' }]);
    expect(feed.due(NOON_MS + 5_000)).toMatchObject([
      { sourceId: 'hm600', activePowerW: 231, energyDayWh: 812, energyTotalWh: 669_094 },
    ]);
  });

  it('reads OpenEMS with its text null, and power into the grid as no generation', () => {
    const feed = new Feed('openems');
    feed.send('edge0/channel/_sum/ProductionActivePower', 'null');
    feed.send('edge0/channel/_sum/ProductionActiveEnergy', '3522900');
    feed.send('edge0/channel/_sum/GridActivePower', '-3100');
    feed.send('edge0/channel/lastUpdate', NOON_MS);
    expect(feed.due(NOON_MS + 5_000)).toMatchObject([
      {
        sourceId: 'edge0',
        measuredAtMs: NOON_MS,
        activePowerW: null,
        energyTotalWh: 3_522_900,
        extras: { grid_power_w: -3100 },
        flags: 0,
      },
    ]);
  });

  it('never takes the energy of SolarAssistant for a lifetime counter', () => {
    const feed = new Feed('solar-assistant');
    feed.send('solar_assistant/inverter_1/pv_power/state', '2310');
    feed.send('solar_assistant/inverter_1/pv_energy/state', '129.9');
    expect(feed.send('solar_assistant/total/pv_energy/state', '129.9').ignored).toHaveLength(1);
    expect(feed.due(NOON_MS + 5_000)).toMatchObject([
      { activePowerW: 2310, energyDayWh: 129_900, energyTotalWh: null },
    ]);
  });

  it('cuts a device that never falls silent, and loses nothing at the end of a connection', () => {
    const feed = new Feed('deye-mqtt');
    feed.send('deye/ac/active_power', '10', NOON_MS);
    for (let step = 1; step <= 61; step += 1) {
      const key = step % 2 === 0 ? 'deye/day_energy' : 'deye/total_energy';
      feed.send(key, step, NOON_MS + step * 1_000);
    }
    expect(feed.readings.length).toBeGreaterThan(0);
    expect(feed.readings[0]).toMatchObject({ activePowerW: 10, energyTotalWh: 1_000, energyDayWh: 2_000 });
    expect(feed.assembler.flush()).toHaveLength(1);
    expect(feed.assembler.flush()).toEqual([]);
  });
});
