import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  patrolPlanCreateSchema,
  patrolPlanListSchema,
  patrolPlanQuerySchema,
  patrolPlanSchema,
  photoQuerySchema,
  workOrderCreateSchema,
  workOrderLimitsEntrySchema,
  workOrderLimitsListSchema,
  workOrderLimitsQuerySchema,
  workOrderListSchema,
  workOrderPhotoSchema,
  workOrderQuerySchema,
  workOrderSchema,
  workOrderStepSchema,
  type PatrolPlanCreate,
  type PatrolPlanList,
  type PatrolPlanQuery,
  type PatrolPlanView,
  type PhotoQuery,
  type WorkOrder,
  type WorkOrderCreate,
  type WorkOrderLimitsEntry,
  type WorkOrderLimitsList,
  type WorkOrderLimitsQuery,
  type WorkOrderList,
  type WorkOrderPhotoView,
  type WorkOrderQuery,
  type WorkOrderStep,
} from '#contracts';
import { permissionOf } from '#domain';
import {
  PatrolPlanService,
  WorkOrderLimitService,
  WorkOrderPhotoService,
  WorkOrderService,
} from '#monitoring';
import { ProblemError } from '#platform';
import { areaOf, requireActor } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** Work orders: what is to be done at a station, by whom and by when; photos; patrol and washing plans. */
@ApiTags('work orders')
@Controller('v1/work-orders')
export class WorkOrdersController {
  constructor(
    @Inject(WorkOrderService) private readonly orders: WorkOrderService,
    @Inject(WorkOrderPhotoService) private readonly photos: WorkOrderPhotoService,
    @Inject(PatrolPlanService) private readonly plans: PatrolPlanService,
    @Inject(WorkOrderLimitService) private readonly limits: WorkOrderLimitService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Orders of an area, overdue first; a page at a time' })
  @ApiOkResponse({ standardSchema: workOrderListSchema })
  list(
    @Query({ schema: workOrderQuerySchema }) query: WorkOrderQuery,
    @Req() request: FastifyRequest,
  ): Promise<WorkOrderList> {
    return this.orders.list({ ...query, ...areaOf(request, query) });
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Opens an order for an alarm or by hand; the same action key is one order' })
  @ApiOkResponse({ standardSchema: workOrderSchema })
  create(
    @Body({ schema: workOrderCreateSchema }) body: WorkOrderCreate,
    @Req() request: FastifyRequest,
  ): Promise<WorkOrder> {
    return this.orders.create(body, requireActor(request, 'work_order.plan'));
  }

  @Get('plans')
  @ApiOperation({ summary: 'Patrol, washing and grass plans in force' })
  @ApiOkResponse({ standardSchema: patrolPlanListSchema })
  planList(@Query({ schema: patrolPlanQuerySchema }) query: PatrolPlanQuery): Promise<PatrolPlanList> {
    return this.plans.list(query);
  }

  @Post('plans')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enters a plan; an order is opened a week before each day that is due' })
  @ApiOkResponse({ standardSchema: patrolPlanSchema })
  createPlan(
    @Body({ schema: patrolPlanCreateSchema }) body: PatrolPlanCreate,
    @Req() request: FastifyRequest,
  ): Promise<PatrolPlanView> {
    return this.plans.create(body, requireActor(request, 'work_order.plan'));
  }

  @Post('plans/:id/end')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a plan; orders that are open stay' })
  @ApiOkResponse({ standardSchema: patrolPlanSchema })
  endPlan(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<PatrolPlanView> {
    return this.plans.end(id, requireActor(request, 'work_order.plan'));
  }

  @Get('limits')
  @ApiOperation({
    summary: 'The clocks of orders in force today, of the city or of a county, and every dated row',
  })
  @ApiOkResponse({ standardSchema: workOrderLimitsListSchema })
  limitList(
    @Query({ schema: workOrderLimitsQuerySchema }) query: WorkOrderLimitsQuery,
  ): Promise<WorkOrderLimitsList> {
    return this.limits.list(query.county ?? null);
  }

  @Post('limits')
  @HttpCode(200)
  @ApiOperation({ summary: 'New clocks from a day on, for orders that are opened from then on' })
  @ApiOkResponse({ standardSchema: workOrderLimitsListSchema })
  setLimits(
    @Body({ schema: workOrderLimitsEntrySchema }) body: WorkOrderLimitsEntry,
    @Req() request: FastifyRequest,
  ): Promise<WorkOrderLimitsList> {
    return this.limits.set(body, requireActor(request, 'work_order.plan'));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One order: history, parts, photos, and what the readings say of the repair' })
  @ApiOkResponse({ standardSchema: workOrderSchema })
  detail(@Param('id', { schema: idSchema }) id: number): Promise<WorkOrder> {
    return this.orders.detail(id);
  }

  @Post(':id/steps')
  @HttpCode(200)
  @ApiOperation({
    summary: 'One step: dispatch, accept, arrive, suspend, resume, repair, verify, return, close or cancel',
  })
  @ApiOkResponse({ standardSchema: workOrderSchema })
  step(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: workOrderStepSchema }) body: WorkOrderStep,
    @Req() request: FastifyRequest,
  ): Promise<WorkOrder> {
    return this.orders.step(id, body, requireActor(request, permissionOf(body.action)));
  }

  @Post(':id/photos')
  @HttpCode(200)
  @ApiOperation({ summary: 'Adds a photo: the bytes as the body, at most 5 MB, 12 an order' })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: workOrderPhotoSchema })
  async addPhoto(
    @Param('id', { schema: idSchema }) id: number,
    @Query({ schema: photoQuerySchema }) query: PhotoQuery,
    @Req() request: FastifyRequest,
  ): Promise<WorkOrderPhotoView> {
    const actor = requireActor(request, 'work_order.handle');
    if (!Buffer.isBuffer(request.body) || request.body.length === 0)
      throw new ProblemError(400, 'work_order.no_photo', 'send the photo as the body of the request');
    return this.photos.add(id, { ...query, bytes: request.body }, actor);
  }

  @Get(':id/photos/:photo')
  @ApiOperation({ summary: 'The bytes of a photo' })
  @ApiProduces('image/jpeg', 'image/png', 'image/webp')
  async photo(
    @Param('id', { schema: idSchema }) id: number,
    @Param('photo', { schema: idSchema }) photoId: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { bytes, mediaType } = await this.photos.read(id, photoId);
    // A photo is never changed; it is of a village, so no shared cache keeps it.
    reply
      .type(mediaType)
      .header('cache-control', 'private, max-age=86400, immutable')
      .header('content-disposition', `inline; filename="work-order-${id}-${photoId}"`)
      .header('content-security-policy', "default-src 'none'; sandbox");
    return bytes;
  }
}
