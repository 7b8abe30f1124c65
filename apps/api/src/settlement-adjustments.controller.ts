import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  adjustmentApprovalSchema,
  adjustmentListSchema,
  adjustmentQuerySchema,
  adjustmentScanReportSchema,
  adjustmentScanSchema,
  adjustmentSchema,
  settlementReasonSchema,
  type AdjustmentApproval,
  type AdjustmentList,
  type AdjustmentQuery,
  type AdjustmentScan,
  type AdjustmentScanReport,
  type AdjustmentView,
  type SettlementReason,
} from '#contracts';
import { AdjustmentService } from '#settlement';
import { areaOf, countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** What late changes of closed months make of them: vouchers in the open period. */
@ApiTags('settlement')
@Controller('v1/settlement/adjustments')
export class SettlementAdjustmentsController {
  constructor(@Inject(AdjustmentService) private readonly adjustments: AdjustmentService) {}

  @Get()
  @ApiOperation({ summary: 'Adjustments with their villages before and after, proposed ones first' })
  @ApiOkResponse({ standardSchema: adjustmentListSchema })
  list(
    @Query({ schema: adjustmentQuerySchema }) query: AdjustmentQuery,
    @Req() request: FastifyRequest,
  ): Promise<AdjustmentList> {
    return this.adjustments.list({ ...query, ...areaOf(request, query) });
  }

  @Post('scan')
  @HttpCode(200)
  @ApiOperation({ summary: 'Compares what approved runs rested on with what is known now, and proposes' })
  @ApiOkResponse({ standardSchema: adjustmentScanReportSchema })
  scan(
    @Body({ schema: adjustmentScanSchema }) body: AdjustmentScan,
    @Req() request: FastifyRequest,
  ): Promise<AdjustmentScanReport> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, body.county);
    return refused(() => this.adjustments.scan(body.county, actor));
  }

  @Get(':id')
  @ApiOperation({ summary: 'An adjustment with its cause, and its villages before and after' })
  @ApiOkResponse({ standardSchema: adjustmentSchema })
  async adjustment(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<AdjustmentView> {
    const adjustment = await this.adjustments.adjustment(id);
    countyFor(request, adjustment.county);
    return adjustment;
  }

  @Post(':id/approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approves an adjustment for its hash, by another person, and books it' })
  @ApiOkResponse({ standardSchema: adjustmentSchema })
  async approve(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: adjustmentApprovalSchema }) body: AdjustmentApproval,
    @Req() request: FastifyRequest,
  ): Promise<AdjustmentView> {
    const actor = requireActor(request, 'settlement.check');
    countyFor(request, (await this.adjustments.adjustment(id)).county);
    return refused(() => this.adjustments.approve(id, body.adjustmentHash, actor));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rejects an adjustment; the same figures are not proposed again' })
  @ApiOkResponse({ standardSchema: adjustmentSchema })
  async reject(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: settlementReasonSchema }) body: SettlementReason,
    @Req() request: FastifyRequest,
  ): Promise<AdjustmentView> {
    const actor = requireActor(request, 'settlement.check');
    countyFor(request, (await this.adjustments.adjustment(id)).county);
    return refused(() => this.adjustments.reject(id, body.reason, actor));
  }
}
