import { Module, type Type } from '@nestjs/common';
import { IngestReviewModule } from '#ingestion';
import { MonitoringModule } from '#monitoring';
import { PersistenceModule } from '#persistence';
import { PlatformModule, type Environment, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import { CounterReviewController } from './counter-review.controller.ts';
import { FleetController } from './fleet.controller.ts';
import { HealthController } from './health.controller.ts';
import { IngestController } from './ingest.controller.ts';
import { RegistryController } from './registry.controller.ts';
import { StationsController } from './stations.controller.ts';

export function apiModule(parts: { environment: Environment; logger: Logger; url: string }): Type {
  @Module({
    imports: [
      PlatformModule.forRoot(parts),
      PersistenceModule.forRoot({ url: parts.url, applicationName: 'api' }),
      MonitoringModule,
      IngestReviewModule,
    ],
    controllers: [
      FleetController,
      StationsController,
      RegistryController,
      HealthController,
      IngestController,
      CounterReviewController,
    ],
    providers: [RegistryRepository],
  })
  class ApiModule {}
  return ApiModule;
}
