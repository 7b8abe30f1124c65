import { Module, type Type } from '@nestjs/common';
import { MonitoringModule } from '#monitoring';
import { PersistenceModule } from '#persistence';
import { PlatformModule, type Environment, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import { FleetController } from './fleet.controller.ts';
import { HealthController } from './health.controller.ts';
import { RegistryController } from './registry.controller.ts';
import { StationsController } from './stations.controller.ts';

export function apiModule(parts: { environment: Environment; logger: Logger; url: string }): Type {
  @Module({
    imports: [
      PlatformModule.forRoot(parts),
      PersistenceModule.forRoot({ url: parts.url, applicationName: 'api' }),
      MonitoringModule,
    ],
    controllers: [FleetController, StationsController, RegistryController, HealthController],
    providers: [RegistryRepository],
  })
  class ApiModule {}
  return ApiModule;
}
