import { describe, expect, it } from 'vitest';
import countyBorders from '../../../../data/region/luliang-counties.geojson?raw';
import { projectRegion, scaleBounds, stepOf, type CountyBorders } from './region.ts';

/** Three characters of 10 units over a number, as the map draws them; the map scales labels and shapes as one. */
const LABEL_WIDTH = 30;
const LABEL_HEIGHT = 23;

describe('map', () => {
  it('puts north up and the label into the shape', () => {
    const shapes = projectRegion(
      {
        features: [
          {
            properties: { adcode: '1', name: 'a' },
            geometry: {
              type: 'Polygon',
              coordinates: [
                [
                  [111, 37],
                  [112, 37],
                  [112, 38],
                  [111, 38],
                  [111, 37],
                ],
              ],
            },
          },
        ],
      },
      100,
    );
    expect(shapes.counties[0]?.labelX).toBeCloseTo(50);
    expect(shapes.counties[0]?.labelY).toBeCloseTo(shapes.height / 2);
    expect(shapes.counties[0]?.path.startsWith(`M0.0 ${shapes.height.toFixed(1)}`)).toBe(true);
    expect(shapes.height).toBeGreaterThan(100);
  });

  it('lets no two labels of the real counties touch', () => {
    const borders: CountyBorders = JSON.parse(countyBorders);
    const { counties } = projectRegion(borders, 300);
    expect(counties).toHaveLength(13);
    const touching = counties.flatMap((left, index) =>
      counties
        .slice(index + 1)
        .filter(
          (right) =>
            Math.abs(left.labelX - right.labelX) < LABEL_WIDTH + 2 &&
            Math.abs(left.labelY - right.labelY) < LABEL_HEIGHT + 2,
        )
        .map((right) => `${left.name} ${right.name}`),
    );
    expect(touching).toEqual([]);
  });

  it('gives every value a step of the scale', () => {
    const bounds = scaleBounds([1, 2, 6], 5);
    expect([1, 2, 6].map((value) => stepOf(value, bounds))).toEqual([0, 1, 4]);
    expect(stepOf(3, scaleBounds([3, 3], 5))).toBe(2);
    expect(scaleBounds([], 5)).toEqual([]);
  });
});
