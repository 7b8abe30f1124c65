import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { projectRoot } from '#platform';
import type { CountyRecord, TownshipRecord } from '../snapshot.ts';
import type { Ring } from './polygon.ts';

/** Prefecture-level city of the product: GB/T 2260 code and name. */
export const CITY = { code: '141100', name: '吕梁市' } as const;

/** A county with what its part of the fleet must sum to (domain.md 5.3). */
export interface CountyPlan {
  county: CountyRecord;
  townships: TownshipRecord[];
  border: Ring;
  stations: number;
  villages: number;
  households: number;
  capacityKw: number;
  posts: number;
}

const count = z.coerce.number().int().positive();
const countyRowSchema = z.object({
  county_code: z.string().length(6),
  county_name: z.string().min(1),
  seat_lon: z.coerce.number(),
  seat_lat: z.coerce.number(),
  stations: count,
  villages: count,
  households: count,
  capacity_kw: count,
  posts: count,
});
const townshipRowSchema = z.object({
  township_code: z.string().length(9),
  township_name: z.string().min(1),
  county_code: z.string().length(6),
});
const bordersSchema = z.object({
  features: z.array(
    z.object({
      properties: z.object({ adcode: z.string() }),
      geometry: z.object({
        type: z.literal('Polygon'),
        coordinates: z.array(z.array(z.tuple([z.number(), z.number()]))).length(1),
      }),
    }),
  ),
});

const regionFile = (name: string) => readFileSync(join(projectRoot(), 'data', 'region', name), 'utf8');
const rowsOf = <T>(schema: z.ZodType<T>, file: string): T[] =>
  z.array(schema).parse(parse(regionFile(file), { columns: true, skip_empty_lines: true }));

/** Real counties and townships of Lüliang by code, without the plan of the fleet. */
export function readAreas(): { counties: CountyRecord[]; townships: TownshipRecord[] } {
  return {
    counties: rowsOf(countyRowSchema, 'counties.csv').map(countyOf).sort(byCode),
    townships: rowsOf(townshipRowSchema, 'townships.csv').map(townshipOf).sort(byCode),
  };
}

/**
 * Counties by code with their townships, border and plan, from `data/region`.
 * @throws ZodError where a file is damaged, Error where a county has no border.
 */
export function readRegion(): CountyPlan[] {
  const borders = bordersSchema.parse(JSON.parse(regionFile('luliang-counties.geojson')));
  const townships = readAreas().townships;
  return rowsOf(countyRowSchema, 'counties.csv')
    .map((row) => {
      const feature = borders.features.find(({ properties }) => properties.adcode === row.county_code);
      const border = feature?.geometry.coordinates[0];
      if (border === undefined) throw new Error(`no border of county ${row.county_code}`);
      return {
        county: countyOf(row),
        townships: townships.filter(({ countyCode }) => countyCode === row.county_code),
        border,
        stations: row.stations,
        villages: row.villages,
        households: row.households,
        capacityKw: row.capacity_kw,
        posts: row.posts,
      };
    })
    .sort((a, b) => byCode(a.county, b.county));
}

const byCode = (a: { code: string }, b: { code: string }) => (a.code < b.code ? -1 : 1);

const countyOf = (row: z.infer<typeof countyRowSchema>): CountyRecord => ({
  code: row.county_code,
  name: row.county_name,
  seatLongitude: row.seat_lon,
  seatLatitude: row.seat_lat,
});

const townshipOf = (row: z.infer<typeof townshipRowSchema>): TownshipRecord => ({
  code: row.township_code,
  countyCode: row.county_code,
  name: row.township_name,
});
