import { clearSkyHorizontalIrradiance, DAY_MS, dayStartMs, sunPosition } from '#domain';
import { describe, expect, it } from 'vitest';
import { unit } from './random.ts';
import { indexOfRank, SkyField } from './sky-field.ts';

const field = new SkyField(5);
const seat = { latitudeDeg: 37.5, longitudeDeg: 111.1 };
const firstMs = dayStartMs('2025-01-01');

/** Root mean square difference of the irradiance of two places over its mean, hourly and daily. */
function differenceAt(km: number): { hourly: number; daily: number } {
  const sums = { hour: 0, hourSquare: 0, hours: 0, day: 0, daySquare: 0, days: 0 };
  for (let draw = 0; draw < 500; draw += 1) {
    const one = { latitudeDeg: 37 + unit(1, draw), longitudeDeg: 111 + unit(2, draw) * 0.6 };
    const turn = unit(3, draw) * 2 * Math.PI;
    const other = {
      latitudeDeg: one.latitudeDeg + (km / 111.2) * Math.cos(turn),
      longitudeDeg: one.longitudeDeg + (km / 88.2) * Math.sin(turn),
    };
    const dayMs = firstMs + Math.floor(unit(4, draw) * 365) * DAY_MS;
    const day = [0, 0];
    for (let hour = 8; hour < 18; hour += 1) {
      const both = [one, other].map((place) =>
        [0, 1, 2, 3].reduce((sum, quarter) => {
          const atMs = dayMs + hour * 3_600_000 + quarter * 900_000;
          const sun = sunPosition({ instantMs: atMs, ...seat });
          return sum + (clearSkyHorizontalIrradiance(sun.elevationDeg) * field.index(place, atMs)) / 4;
        }, 0),
      );
      const [here = 0, there = 0] = both;
      sums.hour += (here + there) / 2;
      sums.hourSquare += (here - there) ** 2;
      sums.hours += 1;
      day[0] = (day[0] ?? 0) + here;
      day[1] = (day[1] ?? 0) + there;
    }
    const [here = 0, there = 0] = day;
    sums.day += (here + there) / 2;
    sums.daySquare += (here - there) ** 2;
    sums.days += 1;
  }
  return {
    hourly: Math.sqrt(sums.hourSquare / sums.hours) / (sums.hour / sums.hours),
    daily: Math.sqrt(sums.daySquare / sums.days) / (sums.day / sums.days),
  };
}

describe('the sky as a field', () => {
  it.each([
    [2, 0.1, 0.05],
    [12, 0.19, 0.12],
    [25, 0.24, 0.15],
  ])('differs over %d km as measured irradiance does', (km, hourly, daily) => {
    const found = differenceAt(km);
    expect(Math.abs(found.hourly - hourly)).toBeLessThan(0.035);
    expect(Math.abs(found.daily - daily)).toBeLessThan(0.035);
  });

  it('is clear for two fifths of the time and falls to 0.15', () => {
    expect([0, 0.4, 0.55, 0.7, 1].map((rank) => Number(indexOfRank(rank).toFixed(3)))).toEqual([
      1, 1, 0.8, 0.6, 0.15,
    ]);
    const indices = Array.from({ length: 3000 }, (_, draw) =>
      field.index(
        { latitudeDeg: 36.5 + unit(6, draw) * 2, longitudeDeg: 111 },
        firstMs + unit(7, draw) * 365 * DAY_MS,
      ),
    );
    const clear = indices.filter((index) => index === 1).length / indices.length;
    expect(Math.abs(clear - 0.4)).toBeLessThan(0.06);
  });

  it('has no brighter places in the long run', () => {
    const days = Array.from({ length: 2000 }, (_, day) =>
      field.localBrightness(seat, firstMs + day * DAY_MS),
    );
    const mean = days.reduce((sum, value) => sum + value, 0) / days.length;
    const deviation = Math.sqrt(days.reduce((sum, value) => sum + (value - mean) ** 2, 0) / days.length);
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.12);
  });
});
