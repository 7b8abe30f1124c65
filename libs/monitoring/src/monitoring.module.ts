import { Module } from '@nestjs/common';
import { CounterRecordService } from './counter-review/record.service.ts';
import { CounterReviewService } from './counter-review/review.service.ts';
import { DataQualityService } from './data-quality/data-quality.service.ts';
import { FleetService } from './fleet.service.ts';
import { RollUpService } from './roll-up.service.ts';
import { StateService } from './state.service.ts';
import { StationService } from './station.service.ts';

const services = [
  CounterRecordService,
  CounterReviewService,
  DataQualityService,
  FleetService,
  RollUpService,
  StateService,
  StationService,
];

@Module({ providers: services, exports: services })
export class MonitoringModule {}
