import { describe, expect, it } from 'vitest';
import type { ChartColors } from './theme.ts';
import { lightSpan, wallCurveOption } from './wallCurve.ts';

const colors: ChartColors = {
  font: 'f',
  text: 't',
  secondary: 's',
  line: 'l',
  surface: 'u',
  accent: 'a',
  accentSoft: 'as',
  peer: 'p',
  night: 'n',
  hatch: 'h',
};
const sun = { sunriseAt: '2026-11-24T23:25:00.000Z', sunsetAt: '2026-11-25T09:19:00.000Z' };
const slots = [
  { startsAt: '2026-11-25T02:00:00.000Z', powerW: 2_000_000, lowPowerW: 1_500_000, highPowerW: 2_500_000 },
  { startsAt: '2026-11-25T02:15:00.000Z', powerW: null, lowPowerW: null, highPowerW: null },
];
const option = wallCurveOption(
  { slots, ...sun, gaps: [[0, 900_000]], nowMs: null, names: { measured: 'm', expected: 'e' } },
  colors,
);

describe('curve of the big screen', () => {
  it('spans whole hours around the light in Shanghai time', () => {
    const [from, to] = lightSpan(sun);
    expect([new Date(from).toISOString(), new Date(to).toISOString()]).toEqual([
      '2026-11-25T06:00:00.000Z',
      '2026-11-25T18:00:00.000Z',
    ]);
  });

  it('draws the expected output as a band, and what is unknown as a gap', () => {
    expect(option.series).toMatchObject([
      {
        id: 'low',
        connectNulls: false,
        data: [
          [expect.any(Number), 1.5],
          [expect.any(Number), null],
        ],
      },
      {
        id: 'band',
        stack: 'expected',
        data: [
          [expect.any(Number), 1],
          [expect.any(Number), null],
        ],
      },
      {
        id: 'measured',
        connectNulls: false,
        data: [
          [expect.any(Number), 2],
          [expect.any(Number), null],
        ],
      },
    ]);
  });

  it('never moves by itself', () => {
    expect(option.animation).toBe(false);
  });
});
