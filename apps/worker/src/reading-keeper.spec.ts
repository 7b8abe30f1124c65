import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, dayStartMs } from '#domain';
import { sql, TimeSeriesDays, TimeSeriesKeeping } from '#persistence';
import { Clock, createLogger, EnvironmentError, readEnvironment } from '#platform';
import { testDatabase } from '#test-support';
import { dueDay, ReadingKeeper } from './reading-keeper.ts';

const database = await testDatabase();
const keeping = new TimeSeriesKeeping(database);
const logger = createLogger('worker', { PV_LOG_LEVEL: 'error' });
const keeperAt = (instant: string, settings: NodeJS.ProcessEnv = {}) =>
  new ReadingKeeper(database, {
    environment: readEnvironment(settings),
    clock: new Clock({ startAt: new Date(instant), speed: 1e-12 }),
    logger,
  });
const partitions = async () => (await keeping.sizes()).parts;

describe('the nightly turn of old readings', () => {
  it('is due at half past two in Shanghai', () => {
    expect(dueDay(Date.parse('2026-06-02T02:29:59.999+08:00'))).toBe('2026-06-01');
    expect(dueDay(Date.parse('2026-06-02T02:30:00+08:00'))).toBe('2026-06-02');
  });

  it('is due once in every Shanghai day', () => {
    const instants = fc.integer({ min: Date.parse('2024-01-01Z'), max: Date.parse('2034-01-01Z') });
    fc.assert(
      fc.property(instants, (nowMs) => {
        const dueMs = dayStartMs(dueDay(nowMs)) + 9_000_000;
        expect(dueMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs - dueMs).toBeLessThan(86_400_000);
        expect(dayOf(dueMs)).toBe(dueDay(nowMs));
      }),
    );
  });

  it('is made up for at the start, works by the settings, and notes what it did', async () => {
    await new TimeSeriesDays(database).ensure(['2025-04-26', '2025-04-27', '2026-06-01']);
    await keeperAt('2026-06-01T12:00:00+08:00').keep();
    expect(await keeping.lastRun()).toEqual({
      day: '2026-06-01',
      at: new Date('2026-06-01T04:00:00Z'),
      outcome: { compressed: 0, notCompressed: 'native', retention: null },
    });
    expect(await partitions()).toBe(3);
    const settings = { PV_KEEP_READINGS_DAYS: '400' };
    await keeperAt('2026-06-01T23:00:00+08:00', settings).keep();
    expect(await partitions()).toBe(3);
    await keeperAt('2026-06-02T03:00:00+08:00', settings).keep();
    // The 400 days before June 2nd are kept; a day before them is not.
    expect((await keeping.lastRun())?.outcome).toMatchObject({
      retention: { droppedBefore: '2025-04-28', dropped: 2, heldBack: null },
    });
    expect(await partitions()).toBe(1);
  });

  it('tries again only after a while where it failed', async () => {
    await database.query(sql`alter function pv_drop_days_before rename to pv_away`);
    const keeper = keeperAt('2026-06-03T12:00:00+08:00', { PV_KEEP_READINGS_DAYS: '400' });
    await expect(keeper.keep()).rejects.toThrow('pv_drop_days_before');
    await database.query(sql`alter function pv_away rename to pv_drop_days_before`);
    await expect(keeper.keep()).resolves.toBeUndefined();
    expect((await keeping.lastRun())?.day).toBe('2026-06-02');
  });

  it('refuses settings that would drop a year that is still settled, or compress late data', () => {
    for (const settings of [
      { PV_KEEP_READINGS_DAYS: '399' },
      { PV_KEEP_READINGS_DAYS: '-1' },
      { PV_COMPRESS_AFTER_DAYS: '31' },
    ])
      expect(() => readEnvironment(settings)).toThrow(EnvironmentError);
    expect(readEnvironment({})).toMatchObject({ PV_KEEP_READINGS_DAYS: 0, PV_COMPRESS_AFTER_DAYS: 62 });
  });
});
