/** County borders as SVG paths. Lüliang is small enough for a plain projection: longitude shrunk by its latitude. */
export interface CountyBorders {
  features: {
    properties: { adcode: string; name: string };
    geometry:
      { type: 'Polygon'; coordinates: number[][][] } | { type: 'MultiPolygon'; coordinates: number[][][][] };
  }[];
}
interface CountyShape {
  code: string;
  name: string;
  path: string;
  labelX: number;
  labelY: number;
}
export interface RegionShapes {
  width: number;
  height: number;
  counties: CountyShape[];
  /** Where a place of the earth lies on the drawing. */
  place: (longitude: number, latitude: number) => { x: number; y: number };
}

/**
 * Where the centroid is a bad place for a name: the waist of Wenshui lies between its neighbours' names, and Fangshan is
 * wider north of its middle. Shares of the width of the drawing, right and down.
 */
const LABEL_NUDGES: ReadonlyMap<string, { right: number; down: number }> = new Map([
  ['141121', { right: 0.085, down: 0.022 }],
  ['141128', { right: 0.033, down: -0.04 }],
]);

type Point = readonly [x: number, y: number];
const toPoint = (position: readonly number[]): Point => [
  position[0] ?? Number.NaN,
  position[1] ?? Number.NaN,
];

/** Twice the signed area and the centroid of a ring. */
function centroid(ring: readonly Point[]): { area: number; x: number; y: number } {
  let area = 0;
  let x = 0;
  let y = 0;
  ring.forEach(([x0, y0], index) => {
    const [x1, y1] = ring[(index + 1) % ring.length] ?? [x0, y0];
    const cross = x0 * y1 - x1 * y0;
    area += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  });
  return { area, x: x / (3 * area), y: y / (3 * area) };
}

/** Shapes that fill `width` drawing units, north up, with a label point inside the largest part of each county, nudged where it would be crowded. */
export function projectRegion(borders: CountyBorders, width: number): RegionShapes {
  const polygonsOf = (geometry: CountyBorders['features'][number]['geometry']): Point[][][] =>
    (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates).map((polygon) =>
      polygon.map((ring) => ring.map(toPoint)),
    );
  const counties = borders.features.map(({ properties, geometry }) => ({
    properties,
    polygons: polygonsOf(geometry),
  }));
  const points = counties.flatMap(({ polygons }) => polygons.flat(2));
  const longitudes = points.map(([longitude]) => longitude);
  const latitudes = points.map(([, latitude]) => latitude);
  const west = Math.min(...longitudes);
  const north = Math.max(...latitudes);
  const south = Math.min(...latitudes);
  const shrink = Math.cos((((north + south) / 2) * Math.PI) / 180);
  const scale = width / ((Math.max(...longitudes) - west) * shrink);
  const place = ([longitude, latitude]: Point): Point => [
    (longitude - west) * shrink * scale,
    (north - latitude) * scale,
  ];
  return {
    width,
    height: (north - south) * scale,
    place: (longitude, latitude) => {
      const [x, y] = place([longitude, latitude]);
      return { x, y };
    },
    counties: counties.map(({ properties, polygons }) => {
      const rings = polygons.flat().map((ring) => ring.map(place));
      const label = rings
        .map(centroid)
        .reduce((best, next) => (Math.abs(next.area) > Math.abs(best.area) ? next : best), {
          area: 0,
          x: 0,
          y: 0,
        });
      const path = rings
        .map((ring) => `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`)
        .join('');
      const nudge = LABEL_NUDGES.get(properties.adcode) ?? { right: 0, down: 0 };
      return {
        code: properties.adcode,
        name: properties.name,
        path,
        labelX: label.x + nudge.right * width,
        labelY: label.y + nudge.down * width,
      };
    }),
  };
}

/** Bounds of the steps of a scale over the values: `count` steps of equal width from the lowest to the highest. */
export function scaleBounds(values: readonly number[], count: number): number[] {
  if (values.length === 0) return [];
  const low = Math.min(...values);
  const high = Math.max(...values);
  return Array.from({ length: count + 1 }, (_, index) => low + ((high - low) * index) / count);
}

/** Step of a value, 0 to count − 1; the middle one where all values are alike. */
export function stepOf(value: number, bounds: readonly number[]): number {
  const count = bounds.length - 1;
  const low = bounds[0] ?? 0;
  const high = bounds[count] ?? 0;
  if (high <= low) return Math.floor(count / 2);
  return Math.max(0, Math.min(count - 1, Math.floor(((value - low) / (high - low)) * count)));
}
