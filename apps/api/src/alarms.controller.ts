import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  acknowledgeAlarmSchema,
  alarmDetailSchema,
  alarmListSchema,
  alarmPolicyEntrySchema,
  alarmPolicyHistoryQuerySchema,
  alarmPolicyHistorySchema,
  alarmPolicyListSchema,
  alarmPolicyPreviewEntrySchema,
  alarmPolicyPreviewSchema,
  alarmPolicyQuerySchema,
  alarmQuerySchema,
  alarmSchema,
  alarmValuationEntrySchema,
  alarmValuationListSchema,
  alarmValuationQuerySchema,
  assignAlarmSchema,
  closeAlarmSchema,
  commentAlarmSchema,
  noticeLogSchema,
  noticeMessageSchema,
  noticeRuleEntrySchema,
  noticeRuleListSchema,
  noticeRuleSchema,
  snoozeAlarmSchema,
  type AcknowledgeAlarm,
  type Alarm,
  type AlarmDetail,
  type AlarmList,
  type AlarmPolicyEntry,
  type AlarmPolicyHistory,
  type AlarmPolicyHistoryQuery,
  type AlarmPolicyList,
  type AlarmPolicyPreview,
  type AlarmPolicyPreviewEntry,
  type AlarmPolicyQuery,
  type AlarmQuery,
  type AlarmValuationEntry,
  type AlarmValuationList,
  type AlarmValuationQuery,
  type AssignAlarm,
  type CloseAlarm,
  type CommentAlarm,
  type NoticeLog,
  type NoticeMessage,
  type NoticeRule,
  type NoticeRuleEntry,
  type NoticeRuleList,
  type SnoozeAlarm,
} from '#contracts';
import {
  AlarmPreviewService,
  AlarmService,
  AlarmSettingsService,
  AlarmValuationService,
  NoticeService,
} from '#monitoring';
import { areaOf, requireActor } from './actor.ts';

const alarmIdSchema = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** The queue of alarms, what persons do with them, and what is set: limits, values, notices. */
@ApiTags('alarms')
@Controller('v1/alarms')
export class AlarmsController {
  constructor(
    @Inject(AlarmService) private readonly alarms: AlarmService,
    @Inject(AlarmSettingsService) private readonly settings: AlarmSettingsService,
    @Inject(AlarmPreviewService) private readonly previews: AlarmPreviewService,
    @Inject(AlarmValuationService) private readonly valuations: AlarmValuationService,
    @Inject(NoticeService) private readonly notices: NoticeService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The queue, the most yuan lost first; a page at a time' })
  @ApiOkResponse({ standardSchema: alarmListSchema })
  list(
    @Query({ schema: alarmQuerySchema }) query: AlarmQuery,
    @Req() request: FastifyRequest,
  ): Promise<AlarmList> {
    return this.alarms.list({ ...query, ...areaOf(request, query) });
  }

  @Get('policies')
  @ApiOperation({ summary: 'Limits and times of every kind in force on a day, of the city or of a county' })
  @ApiOkResponse({ standardSchema: alarmPolicyListSchema })
  policies(@Query({ schema: alarmPolicyQuerySchema }) query: AlarmPolicyQuery): Promise<AlarmPolicyList> {
    return this.settings.policies(query);
  }

  @Get('policies/history')
  @ApiOperation({ summary: 'Every dated row, those to come too' })
  @ApiOkResponse({ standardSchema: alarmPolicyHistorySchema })
  policyHistory(
    @Query({ schema: alarmPolicyHistoryQuerySchema }) query: AlarmPolicyHistoryQuery,
  ): Promise<AlarmPolicyHistory> {
    return this.settings.history(query);
  }

  @Post('policies')
  @HttpCode(200)
  @ApiOperation({ summary: 'New limits of a kind from a day on; what was in force before stays as it was' })
  @ApiOkResponse({ standardSchema: alarmPolicyListSchema })
  setPolicy(
    @Body({ schema: alarmPolicyEntrySchema }) body: AlarmPolicyEntry,
    @Req() request: FastifyRequest,
  ): Promise<AlarmPolicyList> {
    return this.settings.setPolicy(body, requireActor(request, 'alarm.configure'));
  }

  @Post('policies/preview')
  @HttpCode(200)
  @ApiOperation({ summary: 'What limits would do to the alarms of now; nothing is stored' })
  @ApiOkResponse({ standardSchema: alarmPolicyPreviewSchema })
  previewPolicy(
    @Body({ schema: alarmPolicyPreviewEntrySchema }) body: AlarmPolicyPreviewEntry,
  ): Promise<AlarmPolicyPreview> {
    return this.previews.preview(body);
  }

  @Get('valuations')
  @ApiOperation({ summary: 'What a kilowatt-hour without a tariff and a post are worth, dated' })
  @ApiOkResponse({ standardSchema: alarmValuationListSchema })
  valuationList(
    @Query({ schema: alarmValuationQuerySchema }) query: AlarmValuationQuery,
  ): Promise<AlarmValuationList> {
    return this.valuations.list(query.county ?? null);
  }

  @Post('valuations')
  @HttpCode(200)
  @ApiOperation({ summary: 'A new value from a day on; losses of days before stay as they were' })
  @ApiOkResponse({ standardSchema: alarmValuationListSchema })
  setValuation(
    @Body({ schema: alarmValuationEntrySchema }) body: AlarmValuationEntry,
    @Req() request: FastifyRequest,
  ): Promise<AlarmValuationList> {
    return this.valuations.set(body, requireActor(request, 'alarm.configure'));
  }

  @Get('notice-rules')
  @ApiOperation({ summary: 'Who is told of what' })
  @ApiOkResponse({ standardSchema: noticeRuleListSchema })
  rules(): Promise<NoticeRuleList> {
    return this.notices.rules();
  }

  @Post('notice-rules')
  @HttpCode(200)
  @ApiOperation({ summary: 'A new rule; it says nothing of what was before it' })
  @ApiOkResponse({ standardSchema: noticeRuleSchema })
  addRule(
    @Body({ schema: noticeRuleEntrySchema }) body: NoticeRuleEntry,
    @Req() request: FastifyRequest,
  ): Promise<NoticeRule> {
    return this.notices.addRule(body, requireActor(request, 'alarm.configure'));
  }

  @Post('notice-rules/:id/retire')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a rule; what it sent stays in the log' })
  @ApiOkResponse({ standardSchema: noticeRuleSchema })
  retireRule(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<NoticeRule> {
    return this.notices.retireRule(id, requireActor(request, 'alarm.configure'));
  }

  @Post('notice-rules/:id/test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sends a test message at once; the answer says whether it was taken' })
  @ApiOkResponse({ standardSchema: noticeMessageSchema })
  testRule(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<NoticeMessage> {
    requireActor(request, 'alarm.configure');
    return this.notices.sendTest(id);
  }

  @Get('notices')
  @ApiOperation({ summary: 'The newest messages and what became of them' })
  @ApiOkResponse({ standardSchema: noticeLogSchema })
  async log(): Promise<NoticeLog> {
    return { items: await this.notices.log() };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One alarm: evidence, incidents, losses by day, history' })
  @ApiOkResponse({ standardSchema: alarmDetailSchema })
  detail(@Param('id', { schema: alarmIdSchema }) id: number): Promise<AlarmDetail> {
    return this.alarms.detail(id);
  }

  @Post(':id/acknowledge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Somebody has seen it: it goes up no further' })
  @ApiOkResponse({ standardSchema: alarmSchema })
  acknowledge(
    @Param('id', { schema: alarmIdSchema }) id: number,
    @Body({ schema: acknowledgeAlarmSchema }) body: AcknowledgeAlarm,
    @Req() request: FastifyRequest,
  ): Promise<Alarm> {
    return this.alarms.acknowledge(id, body.version, requireActor(request, 'alarm.handle'));
  }

  @Post(':id/assign')
  @HttpCode(200)
  @ApiOperation({ summary: 'Gives it to somebody, or to nobody (null)' })
  @ApiOkResponse({ standardSchema: alarmSchema })
  assign(
    @Param('id', { schema: alarmIdSchema }) id: number,
    @Body({ schema: assignAlarmSchema }) body: AssignAlarm,
    @Req() request: FastifyRequest,
  ): Promise<Alarm> {
    return this.alarms.assign(id, body, requireActor(request, 'alarm.handle'));
  }

  @Post(':id/comment')
  @HttpCode(200)
  @ApiOperation({ summary: 'Notes something in its history' })
  @ApiOkResponse({ standardSchema: alarmSchema })
  comment(
    @Param('id', { schema: alarmIdSchema }) id: number,
    @Body({ schema: commentAlarmSchema }) body: CommentAlarm,
    @Req() request: FastifyRequest,
  ): Promise<Alarm> {
    return this.alarms.comment(id, body.note, requireActor(request, 'alarm.handle'));
  }

  @Post(':id/snooze')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets it rest until an instant, or wakes it (null)' })
  @ApiOkResponse({ standardSchema: alarmSchema })
  snooze(
    @Param('id', { schema: alarmIdSchema }) id: number,
    @Body({ schema: snoozeAlarmSchema }) body: SnoozeAlarm,
    @Req() request: FastifyRequest,
  ): Promise<Alarm> {
    return this.alarms.snooze(id, body, requireActor(request, 'alarm.handle'));
  }

  @Post(':id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Closes it by hand; it stays closed while the same incident goes on' })
  @ApiOkResponse({ standardSchema: alarmSchema })
  close(
    @Param('id', { schema: alarmIdSchema }) id: number,
    @Body({ schema: closeAlarmSchema }) body: CloseAlarm,
    @Req() request: FastifyRequest,
  ): Promise<Alarm> {
    return this.alarms.close(id, body, requireActor(request, 'alarm.handle'));
  }
}
