import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { holdIngestId, IngestionModule } from '#ingestion';
import { migrate, PersistenceModule, STARTING_LIMIT_MS } from '#persistence';
import { NestLogger, PlatformModule, requireDatabaseUrl, runProgram } from '#platform';

/** Broker → database. A second one needs a PV_INGEST_ID of its own; each receives everything, and nothing is stored twice. */
await runProgram('ingest', async ({ environment, logger }) => {
  const url = requireDatabaseUrl(environment);
  await migrate(url, { waitMs: STARTING_LIMIT_MS });
  await holdIngestId({
    url,
    ingestId: environment.PV_INGEST_ID,
    onLost: (reason) => {
      logger.fatal({ err: reason }, 'ingest.id_taken');
      process.kill(process.pid, 'SIGTERM');
    },
  });

  @Module({
    imports: [
      PlatformModule.forRoot({ environment, logger }),
      // Two writers keep up with any broker on a small machine (engines.md, write path); one more for signs of life.
      PersistenceModule.forRoot({
        url,
        applicationName: environment.PV_INGEST_ID,
        poolMax: 3,
        workMemMb: 64,
      }),
      IngestionModule,
    ],
  })
  class IngestApp {}

  const app = await NestFactory.createApplicationContext(IngestApp, { logger: new NestLogger(logger) });
  app.enableShutdownHooks();
  logger.info('ingest.ready');
});
