import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '#test-support';
import { alarmRows } from '../evaluation/tables/alarm-rows.ts';
import { replaySite, type RealSite } from '../evaluation/tables/real-site.ts';
import {
  labelledSite,
  silentSite,
  snowSite,
  trippedSite,
  wellSite,
} from '../evaluation/tables/real-sites.ts';

/** Alarms of a site that was replayed, its neighbours' too, by the wall clock of the site. */
async function alarmsOf(site: RealSite) {
  const { database } = databases.pop() ?? (await createTestDatabase());
  await replaySite(database, site);
  const rows = await alarmRows(database);
  return rows.map((row) => ({ ...row, opened: wall(row.openedAt), recovered: wall(row.recoveredAt) }));
}
const wall = (at: Date | null) =>
  at === null ? null : new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 16);

const SITES = 6;
const databases: Awaited<ReturnType<typeof createTestDatabase>>[] = [];
for (let made = 0; made < SITES; made += 1) databases.push(await createTestDatabase());

describe('alarms of real series, under the sky that a sensor beside them saw', () => {
  it('are of the outages that the work orders tell, and of nothing else in 17 days', async () => {
    const alarms = await alarmsOf(trippedSite());
    expect(alarms).toMatchObject([
      // Tripped at 4:45, back at 13:15; the sun is worth half an hour of nothing from 8:00 on.
      { kind: 'zero', level: 'major', opened: '2018-07-21T08:30' },
      // Tripped at 1:05, back at 9:28.
      { kind: 'zero', level: 'major', opened: '2018-08-02T08:30' },
    ]);
    const [first, second] = alarms;
    expect(first?.recovered?.slice(0, 13)).toBe('2018-07-21T13');
    expect(second?.recovered?.slice(0, 10)).toBe('2018-08-02');
  }, 120_000);

  it('are of a plant that falls silent, once, and not of the storm before it, in which nobody sees the sun', async () => {
    const alarms = await alarmsOf(silentSite());
    expect(alarms).toMatchObject([{ kind: 'offline', level: 'major', recovered: null }]);
    // Silent from 1:00 on; the sun is above 10° from 7:00, and two hours of its light have to go by.
    const opened = alarms[0]?.opened ?? '';
    expect(opened >= '2018-09-19T08:30' && opened <= '2018-09-19T10:00').toBe(true);
  }, 120_000);

  it('are of a day under snow in full sun, of which no label tells, and of none of the four days before', async () => {
    // 6 January 2022: 600 to 870 W/m², modules below 0 °C, 74 W of 6 kW all day long.
    expect(await alarmsOf(wellSite())).toMatchObject([
      { kind: 'zero', level: 'critical', opened: '2022-01-06T09:15', recovered: null },
    ]);
  }, 120_000);

  it('are none of six days of snow that let light through, of frozen values and of a clipped noon', async () => {
    expect(await alarmsOf(snowSite())).toEqual([]);
    expect(await alarmsOf(labelledSite('frozen', 12))).toEqual([]);
    expect(await alarmsOf(labelledSite('clipped', 5))).toEqual([]);
  }, 240_000);
});
