import type { Random } from './random.ts';

/** Longitude and latitude in degrees. */
export type Point = readonly [longitude: number, latitude: number];
/** Closed border of an area without holes. */
export type Ring = readonly Point[];

/** A degree of longitude over one of latitude at 37.5° N; enough to compare distances inside Lüliang. */
const LONGITUDE_SCALE = 0.793;

/** Whether a point lies inside a border (even-odd rule). */
export function contains(border: Ring, point: Point): boolean {
  const longitude = point[0];
  const latitude = point[1];
  let inside = false;
  let previous = border[border.length - 1];
  for (const corner of border) {
    if (previous !== undefined && corner[1] > latitude !== previous[1] > latitude) {
      const crossing =
        corner[0] + ((latitude - corner[1]) / (previous[1] - corner[1])) * (previous[0] - corner[0]);
      if (longitude < crossing) inside = !inside;
    }
    previous = corner;
  }
  return inside;
}

/** Whether a point lies inside with at least `marginDeg` to the border in the four directions. */
export function containsWithMargin(border: Ring, [longitude, latitude]: Point, marginDeg: number): boolean {
  const around: Point[] = [
    [longitude, latitude],
    [longitude + marginDeg, latitude],
    [longitude - marginDeg, latitude],
    [longitude, latitude + marginDeg],
    [longitude, latitude - marginDeg],
  ];
  return around.every((point) => contains(border, point));
}

/** Square of the distance, in degrees of latitude squared. */
export function distanceSquared(a: Point, b: Point): number {
  const east = (a[0] - b[0]) * LONGITUDE_SCALE;
  const north = a[1] - b[1];
  return east * east + north * north;
}

/** Draws before a border is held to have no inside: the thinnest county fills a third of its box. */
const DRAWS_MAX = 1000;

/** Uniform points inside a border. @throws Error where the border has no inside. */
export function pointsInside(options: {
  border: Ring;
  random: Random;
  marginDeg: number;
  count: number;
}): Point[] {
  const { border, random, marginDeg, count } = options;
  const longitudes = border.map(([longitude]) => longitude);
  const latitudes = border.map(([, latitude]) => latitude);
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const points: Point[] = [];
  for (let draw = 0; draw < DRAWS_MAX && points.length < count; draw++) {
    const point: Point = [random.between(west, east), random.between(south, north)];
    if (containsWithMargin(border, point, marginDeg)) points.push(point);
  }
  if (points.length < count) throw new Error('no point inside the border');
  return points;
}
