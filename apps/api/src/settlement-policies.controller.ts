import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  settlementPolicyEntrySchema,
  settlementPolicyListSchema,
  settlementPolicySchema,
  whatIfQuerySchema,
  whatIfReportSchema,
  type SettlementPolicyEntry,
  type SettlementPolicyList,
  type SettlementPolicyView,
  type WhatIfQuery,
  type WhatIfReport,
} from '#contracts';
import { isInArea } from '#domain';
import { ProblemError } from '#platform';
import { SettlementPolicyService, WhatIfService } from '#settlement';
import { countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

/** Rules of settlement by area and date. */
@ApiTags('settlement')
@Controller('v1/settlement/policies')
export class SettlementPoliciesController {
  constructor(
    @Inject(SettlementPolicyService) private readonly policies: SettlementPolicyService,
    @Inject(WhatIfService) private readonly whatIfs: WhatIfService,
  ) {}

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

  @Post('what-if')
  @HttpCode(200)
  @ApiOperation({ summary: 'Two sets of rules over the same received money, by village; stores nothing' })
  @ApiOkResponse({ standardSchema: whatIfReportSchema })
  whatIf(
    @Body({ schema: whatIfQuerySchema }) body: WhatIfQuery,
    @Req() request: FastifyRequest,
  ): Promise<WhatIfReport> {
    const county = countyFor(request, body.county) ?? body.county;
    return refused(() => this.whatIfs.compare({ ...body, county }));
  }
}
