import { Module } from '@nestjs/common';
import { DayReceiptsService } from './day-receipts.service.ts';
import { QualityViewService } from './quality-view.service.ts';
import { StationQualityService } from './station-quality.service.ts';

const services = [DayReceiptsService, QualityViewService, StationQualityService];

/** What is doubtful of stations and days: judged in the worker, shown by the api. Needs no broker. */
@Module({ providers: services, exports: services })
export class StationQualityModule {}
