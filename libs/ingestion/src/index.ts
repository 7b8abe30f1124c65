export * from './decode.ts';
export * from './device-directory.ts';
export * from './ingest.pipeline.ts';
export * from './ingestion.module.ts';
export * from './profiles/index.ts';
export * from './reading.repository.ts';
export * from './reading.ts';
export * from './validate.ts';
