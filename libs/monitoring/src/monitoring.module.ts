import { Module } from '@nestjs/common';
import { Clock, ENVIRONMENT, type Environment } from '#platform';
import { AlarmEvaluator } from './alarms/alarm-evaluator.service.ts';
import { AlarmPreviewService } from './alarms/alarm-preview.service.ts';
import { AlarmService } from './alarms/alarm.service.ts';
import { AlarmSettingsService } from './alarms/alarm-settings.service.ts';
import { AlarmValuationService } from './alarms/alarm-valuation.service.ts';
import { CounterRecordService } from './counter-review/record.service.ts';
import { CounterReviewService } from './counter-review/review.service.ts';
import { DataQualityService } from './data-quality/data-quality.service.ts';
import { ExpectedService } from './expected/expected.service.ts';
import { ExpectedViewService } from './expected/expected-view.service.ts';
import { FleetService } from './fleet.service.ts';
import { HistoryService } from './history/history.service.ts';
import { LiveService } from './live/live.service.ts';
import { NetworkNoticeSender } from './notices/notice-sender.ts';
import { NOTICE_SENDER, NoticeService } from './notices/notice.service.ts';
import { OutageService } from './outages/outage.service.ts';
import { PlantChangeService } from './outages/plant-change.service.ts';
import { RollUpService } from './roll-up.service.ts';
import { StateService } from './state.service.ts';
import { StationService } from './station.service.ts';
import { WallService } from './wall/wall.service.ts';
import { PatrolPlanService } from './work-orders/patrol-plan.service.ts';
import { WorkOrderPhotoService } from './work-orders/photo.service.ts';
import { WorkOrderLimitService } from './work-orders/work-order-limit.service.ts';
import { WorkOrderService } from './work-orders/work-order.service.ts';

const services = [
  AlarmEvaluator,
  AlarmPreviewService,
  AlarmService,
  AlarmSettingsService,
  AlarmValuationService,
  NoticeService,
  CounterRecordService,
  CounterReviewService,
  DataQualityService,
  ExpectedService,
  ExpectedViewService,
  FleetService,
  HistoryService,
  LiveService,
  OutageService,
  PlantChangeService,
  RollUpService,
  StateService,
  StationService,
  WallService,
  PatrolPlanService,
  WorkOrderPhotoService,
  WorkOrderLimitService,
  WorkOrderService,
];

const noticeSender = {
  provide: NOTICE_SENDER,
  inject: [ENVIRONMENT, Clock],
  useFactory: (environment: Environment, clock: Clock) =>
    new NetworkNoticeSender(
      { smtpUrl: environment.PV_SMTP_URL ?? null, from: environment.PV_SMTP_FROM },
      () => clock.realNow().getTime(),
    ),
};

@Module({ providers: [noticeSender, ...services], exports: services })
export class MonitoringModule {}
