import { describe, expect, it } from 'vitest';
import { fitStage } from './useStage.ts';
import { boxOf, placeLabels, withMargin } from './wallMap.ts';

describe('drawing of the big screen', () => {
  it('finds the box of a county', () => {
    expect(boxOf('M10.0 20.0L30.5 25.0L12.0 60.0Z')).toEqual({ left: 10, top: 20, width: 20.5, height: 40 });
  });

  it('leaves the same room on all sides', () => {
    expect(withMargin({ left: 0, top: 0, width: 10, height: 20 }, 0.1)).toEqual({
      left: -2,
      top: -2,
      width: 14,
      height: 24,
    });
  });

  it('leaves out a label that would lie on an earlier one', () => {
    const label = (name: string, left: number) => ({ name, box: { left, top: 0, width: 10, height: 5 } });
    const placed = placeLabels([label('a', 0), label('b', 9), label('c', 10)]);
    expect(placed.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('fills a screen of its shape and stands in the middle of any other', () => {
    expect(fitStage({ width: 3840, height: 2160 })).toEqual({ scale: 2, left: 0, top: 0 });
    const laptop = fitStage({ width: 1366, height: 768 });
    expect(laptop.scale).toBeCloseTo(0.711, 3);
    expect(fitStage({ width: 1920, height: 1200 })).toEqual({ scale: 1, left: 0, top: 60 });
  });
});
