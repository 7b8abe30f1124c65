import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  settlementPolicyEntrySchema,
  settlementPolicyListSchema,
  settlementPolicySchema,
  type SettlementPolicyEntry,
  type SettlementPolicyList,
  type SettlementPolicyView,
} from '#contracts';
import { isInArea } from '#domain';
import { ProblemError } from '#platform';
import { SettlementPolicyService } from '#settlement';
import { requireActor } from './actor.ts';

/** Rules of settlement by area and date. */
@ApiTags('settlement')
@Controller('v1/settlement/policies')
export class SettlementPoliciesController {
  constructor(@Inject(SettlementPolicyService) private readonly policies: SettlementPolicyService) {}

  @Get()
  @ApiOperation({ summary: 'Rules of settlement by area and day' })
  @ApiOkResponse({ standardSchema: settlementPolicyListSchema })
  list(): Promise<SettlementPolicyList> {
    return this.policies.list();
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Enters rules that hold from a day on; what held until then ends there' })
  @ApiOkResponse({ standardSchema: settlementPolicySchema })
  enter(
    @Body({ schema: settlementPolicyEntrySchema }) body: SettlementPolicyEntry,
    @Req() request: FastifyRequest,
  ): Promise<SettlementPolicyView> {
    const actor = requireActor(request, 'settlement.configure');
    if (!isInArea(actor.area, body.areaCode))
      throw new ProblemError(403, 'access.outside_area', 'rules of this area are not for this account');
    return this.policies.enter(body, actor);
  }
}
