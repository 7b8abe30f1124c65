import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StationRecord } from '#registry';
import { evenDays, meterOf } from '../integration/small-fleet.ts';
import { smallWorld, violationsOf } from './small-world.ts';

/** An operator's morning over the real tables: the clock stands still and is moved from step to step. */
const DAY = '2026-06-10';
const STEP_MS = 5 * 60_000;
const at = (time: string) => Date.parse(`${DAY}T${time}:00+08:00`);
/** From then on the worst station makes nothing, until it is repaired. */
const BROKEN_AT = at('09:00');
/** A first quarter of an hour is watched only; half an hour without output after it makes an alarm. */
const WATCHED_FROM = at('09:30');
const FIRST_LOOK_AT = at('10:30');
const REPAIRED_AT = at('11:00');
/** Two hours of light and the time that a quarter hour needs to be whole. */
const VERIFIED_AT = at('13:20');
/** Power of a station that is well, W a W of its panels: the sun is the same for all. */
const POWER_PER_W = 0.4;

const { world } = await smallWorld(BROKEN_AT);
const worst = () => world().fleet.neighbours[0];
let writtenUntilMs = 0;
const shareOf = (station: StationRecord) => (POWER_PER_W * station.capacityW) / meterOf(station).ratedPowerW;
const wellReadings = (station: StationRecord, untilMs: number) =>
  evenDays(world().fleet, station, { firstDay: DAY, untilMs, share: shareOf(station) });

/** What the worst station sends: its counter rests while it is broken and goes on from there after the repair. */
function worstReadings(untilMs: number, isRepaired: boolean) {
  const whole = wellReadings(worst(), untilMs);
  const keyOf = (deviceCode: string, measuredAtMs: number) => `${deviceCode} ${measuredAtMs}`;
  const counters = new Map(
    whole.map(({ reading }) => [keyOf(reading.deviceCode, reading.measuredAtMs), reading.energyTotalWh]),
  );
  return whole.map((received) => {
    const { reading } = received;
    if (reading.measuredAtMs <= BROKEN_AT) return received;
    const isRunning = isRepaired && reading.measuredAtMs > REPAIRED_AT;
    const counterAtMs = isRunning ? reading.measuredAtMs - (REPAIRED_AT - BROKEN_AT) : BROKEN_AT;
    return {
      ...received,
      reading: {
        ...reading,
        activePowerW: isRunning ? reading.activePowerW : 0,
        energyTotalWh: counters.get(keyOf(reading.deviceCode, counterAtMs)) ?? null,
      },
    };
  });
}

async function turn(nowMs: number, isRepaired = false): Promise<void> {
  const { fleet } = world();
  const others = [...fleet.neighbours.slice(1), ...fleet.more, fleet.stranger];
  const readings = [
    ...others.flatMap((station) => wellReadings(station, nowMs)),
    ...worstReadings(nowMs, isRepaired),
  ];
  await world().turn(
    nowMs,
    readings.filter(({ reading }) => reading.measuredAtMs > writtenUntilMs),
  );
  writtenUntilMs = nowMs;
}

async function pass(fromMs: number, toMs: number, isRepaired = false): Promise<void> {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += STEP_MS) await turn(nowMs, isRepaired);
}

const see = (page: Page, testId: string, text: RegExp) =>
  page.getByTestId(testId).filter({ hasText: text }).first().waitFor();

describe('a morning of an operator', { timeout: 60_000 }, () => {
  let page: Page;
  let problems: string[];
  beforeAll(async () => {
    await pass(WATCHED_FROM, FIRST_LOOK_AT);
    ({ page, problems } = await world().open('/'));
  });

  it('begins with the station that loses most, in words', async () => {
    const first = page.getByTestId('attention-list').locator('li').first();
    await first.waitFor();
    expect(await first.innerText()).toContain(worst().name);
    await see(page, 'open-alarms', /零发电/);
    await first.locator('a').click();
    await page.waitForURL(`**/stations/${worst().code}`);
    await see(page, 'station-state', /白天零发电/);
  });

  it('goes on with its alarm, which is acknowledged', async () => {
    await page.goto(`${world().base}/alarms`);
    const first = page.getByTestId('alarm-table').locator('tbody tr').first();
    await first.waitFor();
    expect(await first.innerText()).toContain(worst().name);
    await first.locator('button').click();
    const drawer = page.getByTestId('alarm-drawer');
    await drawer.getByRole('button', { name: '确认', exact: true }).click();
    await drawer.getByText('本机值班员').first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await drawer.getByRole('link', { name: '开工单' }).click();
    await page.waitForURL(/work-orders\?alarm=/);
  });

  it('opens a work order, and repairs with a photo', async () => {
    const form = page.getByTestId('order-form');
    await form.locator('input').last().fill('运维一组');
    await form.locator('button[type=submit]').click();
    await page.waitForURL(/work-orders\/\d+$/);
    world().clock.atMs = at('10:40');
    await page.reload();
    await page.getByTestId('do-accept').click();
    await page.getByTestId('do-arrive').click();
    await see(page, 'order-state', /已到场/);
    await page.getByTestId('photo-input').setInputFiles({
      name: '现场.png',
      mimeType: 'image/png',
      buffer: await page.screenshot(),
    });
    await page.locator('img[src*="/photos/"]').first().waitFor();
    world().clock.atMs = REPAIRED_AT;
    await page.reload();
    await page.getByTestId('do-repair').click();
    const repair = page.getByTestId('step-repair');
    await repair.locator('select').first().selectOption('inverter');
    await repair.locator('textarea').fill('更换直流开关，恢复并网');
    await repair.locator('button[type=submit]').click();
    await see(page, 'order-state', /待验证/);
  });

  it('waits for the readings, which show the repair', async () => {
    await see(page, 'order-verdict', /\S/);
    await turn(VERIFIED_AT, true);
    await page.reload();
    await page.getByTestId('do-verify').click();
    await see(page, 'order-state', /数据已验证/);
    await page.getByTestId('do-close').click();
    await page.getByTestId('step-close').locator('button[type=submit]').click();
    await see(page, 'order-state', /已关闭/);
  });

  it('ends with an alarm that has recovered by itself', async () => {
    await pass(VERIFIED_AT + STEP_MS, VERIFIED_AT + 7 * STEP_MS, true);
    await page.goto(`${world().base}/alarms`);
    const first = page.getByTestId('alarm-table').locator('tbody tr').first();
    await first.waitFor();
    expect(await first.innerText()).toMatch(new RegExp(`${worst().name}.*已恢复`, 's'));
    expect(problems).toEqual([]);
  });
});
