export { DayReceiptsService } from './day-receipts.service.ts';
export { StationQualityModule } from './quality.module.ts';
export { QualityViewService } from './quality-view.service.ts';
export { STATION_QUALITY_BATCH, StationQualityService } from './station-quality.service.ts';
