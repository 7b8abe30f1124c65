import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QualityKind } from '#domain';
import { sql } from '#persistence';
import { createLogger } from '#platform';
import { createTestDatabase, Mosquitto } from '#test-support';
import { labelledSeries } from '../data-quality/labelled.ts';
import { energyRow, knownRows, PAGE, pageWith, writePage } from '../data-quality/page.ts';
import { energiesOf, ratesOf, type EnergyCheck, type Rate } from '../data-quality/rates.ts';
import { qualityOf, register, replay } from '../data-quality/replay.ts';

// Everything takes minutes, for it makes room for two years of days: tools/data-quality.mjs. Here are the short series.
const isWhole = process.env['PV_DATA_QUALITY'] === 'whole';
const SHORT = new Set(['DQ02', 'DQ03', 'DQ04', 'DQ06', 'DQ07', 'DQ09', 'DQ14', 'DQ17']);
const MINUTES_10 = 600_000;

const { database } = await createTestDatabase();
const broker = await Mosquitto.start();
const all = labelledSeries().filter(({ definition }) => isWhole || SHORT.has(definition.code));
let rates: Rate[] = [];
let energies: EnergyCheck[] = [];

beforeAll(async () => {
  await register(database, all);
  const logger = createLogger('test', { PV_LOG_LEVEL: 'error' });
  await replay({ database, brokerUrl: broker.url, logger }, all);
  rates = await ratesOf(database, all);
  energies = await energiesOf(database, all);
  if (isWhole) writePage(await pageWith(rates, energies));
}, MINUTES_10);
afterAll(() => broker.stop());

const rateOf = (code: string, kind: QualityKind) =>
  rates.find((rate) => rate.code === code && rate.kind === kind) ?? { hit: 0, falseAlarms: 0, flagged: 0 };
const flagsOf = (code: string, kind: QualityKind) =>
  database.query<{ from: Date }>(sql`
    select f.from_at as "from" from data_quality_flag f join device d on d.id = f.device_id
    join station s on s.id = d.station_id
    where s.code = ${code} and f.kind = ${kind} order by f.from_at`);

describe('real series through broker, ingest, roll-up and judgement', () => {
  it('have on the page the rates that they have', () => {
    // The page aligns its columns.
    const plain = (text: string) => text.replaceAll(/ +/g, ' ');
    const page = plain(readFileSync(PAGE, 'utf8'));
    expect(knownRows(rates).length).toBeGreaterThan(5);
    for (const row of [...knownRows(rates), ...energies.map(energyRow)]) expect(page).toContain(plain(row));
  });

  it('lose and double nothing', async () => {
    const stored = await database.query<{ code: string; n: number }>(sql`
      select s.code, count(*)::int as n from reading r join device d on d.id = r.device_id
      join station s on s.id = d.station_id group by s.code`);
    const counts = new Map(stored.map(({ code, n }) => [code, n]));
    for (const { definition, points } of all)
      expect(counts.get(definition.code)).toBe(new Set(points.map(({ atMs }) => atMs)).size);
  });

  it('have their labelled outliers found, and no other value (SPK-10)', async () => {
    expect(rateOf('DQ04', 'outlier')).toMatchObject({ hit: 5, falseAlarms: 0 });
    const found = await flagsOf('DQ04', 'outlier');
    expect(
      found.map(({ from }) => new Date(from.getTime() + 8 * 3_600_000).toISOString().slice(0, 16)),
    ).toEqual([
      '2017-04-11T14:45',
      '2017-04-12T12:30',
      '2017-04-13T19:15',
      '2017-04-14T14:30',
      '2017-04-14T15:45',
    ]);
  });

  it('have a clipped noon that is not called frozen (POW-06), and night values that are nothing (POW-02)', () => {
    expect(rateOf('DQ03', 'clipped')).toMatchObject({ hit: 39, falseAlarms: 1 });
    expect(rateOf('DQ03', 'stale').flagged).toBe(0);
    expect(rateOf('DQ06', 'outlier').flagged + rateOf('DQ07', 'outlier').flagged).toBe(0);
  });

  it('have the straight lines found that somebody drew over gaps', () => {
    expect(rateOf('DQ02', 'interpolated')).toMatchObject({ hit: 1180, falseAlarms: 0 });
  });

  it('have energy of their counter, whatever zeros stand in it (CNT-17)', () => {
    const counter = energies.find(({ code }) => code === 'DQ14');
    expect(counter).toMatchObject({ method: 'meter_counter', storedWh: 222_295_572 });
  });

  it('lose their impossible values and have no day below zero (SPK-08)', async () => {
    const found = await flagsOf('DQ17', 'outlier');
    expect(found.map(({ from }) => from.getTime() + 16 * 3_600_000)).toEqual([
      Date.parse('2016-04-05T13:30:00Z'),
    ]);
    const [least] = await database.query<{ power: number; energy: bigint }>(sql`
      select min(r.active_power_w) as power, min(e.energy_wh) as energy from reading r
      join device d on d.id = r.device_id join station s on s.id = d.station_id
      join device_day e on e.device_id = d.id
      where s.code = 'DQ17'`);
    expect(least).toMatchObject({ power: 0 });
    expect(least?.energy).toBeGreaterThan(0n);
  });

  it('come to the energy that their own integral gives, to a few watt hours', () => {
    for (const { name, storedWh, ownWh, days, worstDayWh, method } of energies) {
      expect(days, name).toBeGreaterThan(0);
      // A day with a straight line through midnight is cut at midnight there and not here.
      expect(worstDayWh, name).toBeLessThan(6);
      expect(Math.abs(storedWh - ownWh), `${name} by ${method}`).toBeLessThan(20);
    }
  });

  it('are judged once, and again only when they were rolled up anew', async () => {
    const [judged] = await database.query<{ n: number }>(sql`
      select count(*)::int as n from data_quality_day q
      join station_day s using (station_id, day) where q.rolled_up_at = s.computed_at`);
    const [days] = await database.query<{ n: number }>(sql`select count(*)::int as n from station_day`);
    expect(judged).toEqual(days);
  });

  it('are judged again as they were, and as they are when readings have changed', async () => {
    const quality = qualityOf(database);
    const april = { stationCode: 'DQ04', from: '2017-04-11', to: '2017-04-14' };
    const before = await quality.flagsOf(april);
    expect(before.filter(({ kind }) => kind === 'outlier')).toHaveLength(5);
    const rolledUpAnew = () =>
      database.query(sql`
        update station_day e set computed_at = computed_at + interval '1 second'
        from station s where s.id = e.station_id and s.code = 'DQ04' and e.day = '2017-04-14'::date`);
    expect(await quality.judgePastDays()).toBe(0);
    await rolledUpAnew();
    expect(await quality.judgePastDays()).toBe(1);
    expect(await quality.flagsOf(april)).toEqual(before);
    await database.query(sql`
      update reading r set active_power_w = 830000 from device d join station s on s.id = d.station_id
      where d.id = r.device_id and s.code = 'DQ04' and r.measured_at = '2017-04-14T15:45:00+08:00'::timestamptz`);
    await rolledUpAnew();
    await quality.judgePastDays();
    const at1545 = Date.parse('2017-04-14T15:45:00+08:00');
    expect(await quality.flagsOf(april)).toEqual(before.filter(({ fromAt }) => fromAt.getTime() !== at1545));
  });

  it('are flagged as silent on days of which nothing came', async () => {
    const quality = qualityOf(database);
    await database.query(sql`
      delete from reading r using device d join station s on s.id = d.station_id
      where d.id = r.device_id and s.code = 'DQ17' and r.measured_at >= '2016-04-03T00:00:00+08:00'::timestamptz
        and r.measured_at < '2016-04-05T00:00:00+08:00'::timestamptz`);
    await database.query(sql`
      delete from station_day e using station s
      where s.id = e.station_id and s.code = 'DQ17' and e.day in ('2016-04-03'::date, '2016-04-04'::date)`);
    await database.query(sql`
      update station_day e set computed_at = computed_at + interval '1 second'
      from station s where s.id = e.station_id and s.code = 'DQ17' and e.day = '2016-04-05'::date`);
    expect(await quality.judgePastDays()).toBe(1);
    const flags = await quality.flagsOf({ stationCode: 'DQ17', from: '2016-04-03', to: '2016-04-04' });
    expect(flags.map(({ day, kind }) => [day, kind])).toEqual([
      ['2016-04-03', 'gap'],
      ['2016-04-04', 'gap'],
    ]);
  });
});
