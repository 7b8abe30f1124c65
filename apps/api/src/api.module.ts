import { Module, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessModule } from '#access';
import { IngestReviewModule, StationQualityModule } from '#ingestion';
import { LedgerModule } from '#ledger';
import { MonitoringModule } from '#monitoring';
import { PersistenceModule } from '#persistence';
import { PlatformModule, type Environment, type Logger } from '#platform';
import { RegistryRepository } from '#registry';
import { SettlementModule } from '#settlement';
import { TestbenchModule } from '#testbench';
import { AccessGuard } from './access.guard.ts';
import { AlarmsController } from './alarms.controller.ts';
import { ChecksController } from './checks.controller.ts';
import { CounterReviewController } from './counter-review.controller.ts';
import { ExpectedController } from './expected.controller.ts';
import { DueReportsController, ExportsController } from './exports.controller.ts';
import { FleetController } from './fleet.controller.ts';
import { HealthController } from './health.controller.ts';
import { IngestController } from './ingest.controller.ts';
import { LedgerPeriodsController } from './ledger-periods.controller.ts';
import { LineageController } from './lineage.controller.ts';
import { QualityController } from './quality.controller.ts';
import { OutagesController } from './outages.controller.ts';
import { RegistryController } from './registry.controller.ts';
import { RightsController } from './rights.controller.ts';
import { SettlementAdjustmentsController } from './settlement-adjustments.controller.ts';
import { SettlementAllocationsController } from './settlement-allocations.controller.ts';
import { SettlementBankImportsController } from './settlement-bank-imports.controller.ts';
import { SettlementBoardController } from './settlement-board.controller.ts';
import { SettlementMatchesController } from './settlement-matches.controller.ts';
import { SettlementPoliciesController } from './settlement-policies.controller.ts';
import { SettlementReceiptsController } from './settlement-receipts.controller.ts';
import { SettlementTransfersController } from './settlement-transfers.controller.ts';
import { SettlementController } from './settlement.controller.ts';
import { SessionController } from './session.controller.ts';
import { StationsController } from './stations.controller.ts';
import { TestbenchController } from './testbench.controller.ts';
import { WallMoney } from './wall-money.ts';
import { WallController } from './wall.controller.ts';
import { WorkOrdersController } from './work-orders.controller.ts';

/** Everything that answers. Each route has its rule in `access-rules.ts`. */
export const CONTROLLERS: readonly Type[] = [
  AlarmsController,
  ExpectedController,
  FleetController,
  OutagesController,
  StationsController,
  WallController,
  RegistryController,
  RightsController,
  HealthController,
  IngestController,
  CounterReviewController,
  QualityController,
  WorkOrdersController,
  ChecksController,
  ExportsController,
  DueReportsController,
  LedgerPeriodsController,
  LineageController,
  SettlementController,
  SettlementAdjustmentsController,
  SettlementAllocationsController,
  SettlementBankImportsController,
  SettlementBoardController,
  SettlementMatchesController,
  SettlementPoliciesController,
  SettlementReceiptsController,
  SettlementTransfersController,
  SessionController,
  TestbenchController,
];

export function apiModule(parts: { environment: Environment; logger: Logger; url: string }): Type {
  @Module({
    imports: [
      PlatformModule.forRoot(parts),
      PersistenceModule.forRoot({ url: parts.url, applicationName: 'api' }),
      MonitoringModule,
      IngestReviewModule,
      StationQualityModule,
      SettlementModule,
      LedgerModule,
      AccessModule,
      TestbenchModule,
    ],
    controllers: [...CONTROLLERS],
    providers: [RegistryRepository, WallMoney, { provide: APP_GUARD, useClass: AccessGuard }],
  })
  class ApiModule {}
  return ApiModule;
}
