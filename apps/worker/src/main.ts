import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { StationQualityModule } from '#ingestion';
import { MonitoringModule } from '#monitoring';
import { migrate, PersistenceModule, STARTING_LIMIT_MS } from '#persistence';
import { NestLogger, PlatformModule, requireDatabaseUrl, runProgram } from '#platform';
import { SettlementModule } from '#settlement';
import { ReportScheduleService } from './report-schedule.service.ts';
import { TestbenchQueueModule } from '#testbench';
import { ScheduleService } from './schedule.service.ts';

/** Readings → energy, states; everything that runs by the clock. */
await runProgram('worker', async ({ environment, logger }) => {
  const url = requireDatabaseUrl(environment);
  await migrate(url, { waitMs: STARTING_LIMIT_MS });

  @Module({
    imports: [
      PlatformModule.forRoot({ environment, logger }),
      // A task that holds a lock on one connection works over others: with fewer they could all wait for each other.
      PersistenceModule.forRoot({ url, applicationName: 'worker', poolMax: 16 }),
      ScheduleModule.forRoot(),
      MonitoringModule,
      StationQualityModule,
      SettlementModule,
      TestbenchQueueModule,
    ],
    providers: [ScheduleService, ReportScheduleService],
  })
  class WorkerApp {}

  const app = await NestFactory.createApplicationContext(WorkerApp, { logger: new NestLogger(logger) });
  app.enableShutdownHooks();
  logger.info('worker.ready');
});
