import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  allocationApprovalSchema,
  allocationProposalSchema,
  allocationRunListSchema,
  allocationRunQuerySchema,
  allocationRunSchema,
  settlementReasonSchema,
  type AllocationApproval,
  type AllocationProposal,
  type AllocationRunList,
  type AllocationRunQuery,
  type AllocationRunView,
  type SettlementReason,
} from '#contracts';
import { AllocationService } from '#settlement';
import { areaOf, countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** Runs that give received money out to villages. */
@ApiTags('settlement')
@Controller('v1/settlement/allocation-runs')
export class SettlementAllocationsController {
  constructor(@Inject(AllocationService) private readonly allocations: AllocationService) {}

  @Get()
  @ApiOperation({ summary: 'Runs of the area, the newest first; a page at a time' })
  @ApiOkResponse({ standardSchema: allocationRunListSchema })
  list(
    @Query({ schema: allocationRunQuerySchema }) query: AllocationRunQuery,
    @Req() request: FastifyRequest,
  ): Promise<AllocationRunList> {
    return this.allocations.list({ ...query, ...areaOf(request, query) });
  }

  @Get(':id')
  @ApiOperation({ summary: 'A run with its villages, against the last approved one before it' })
  @ApiOkResponse({ standardSchema: allocationRunSchema })
  async run(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<AllocationRunView> {
    const run = await this.allocations.run(id);
    countyFor(request, run.county);
    return run;
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Proposes a run over what was received; a preview without `confirm`' })
  @ApiOkResponse({ standardSchema: allocationRunSchema })
  propose(
    @Body({ schema: allocationProposalSchema }) body: AllocationProposal,
    @Req() request: FastifyRequest,
  ): Promise<AllocationRunView> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, body.county);
    return refused(() => this.allocations.propose(body, actor));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approves a run for its hash, by another person than proposed it, and books it' })
  @ApiOkResponse({ standardSchema: allocationRunSchema })
  async approve(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: allocationApprovalSchema }) body: AllocationApproval,
    @Req() request: FastifyRequest,
  ): Promise<AllocationRunView> {
    const actor = requireActor(request, 'settlement.check');
    countyFor(request, await this.allocations.countyOf(id));
    return refused(() => this.allocations.approve(id, body.runHash, actor));
  }

  @Post(':id/void')
  @HttpCode(200)
  @ApiOperation({ summary: 'Voids a run; its entry is taken back and its money is free again' })
  @ApiOkResponse({ standardSchema: allocationRunSchema })
  async void(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: settlementReasonSchema }) body: SettlementReason,
    @Req() request: FastifyRequest,
  ): Promise<AllocationRunView> {
    const actor = requireActor(request, 'settlement.check');
    countyFor(request, await this.allocations.countyOf(id));
    return refused(() => this.allocations.void(id, body.reason, actor));
  }
}
