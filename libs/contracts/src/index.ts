export * from './common.ts';
export * from './http/counter-review.ts';
export * from './http/fleet.ts';
export * from './http/ingest.ts';
export * from './http/stations.ts';
export * from './mqtt/native.ts';
