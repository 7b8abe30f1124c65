export * from './registry-error.ts';
export * from './registry.repository.ts';
export * from './seed/generate.ts';
export { CITY, readAreas } from './seed/region.ts';
export * from './snapshot.ts';
export * from './snapshot.writer.ts';
export { writeAreas } from './registry.writer.ts';
