import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  checkCloseSchema,
  checkDetailSchema,
  checkListSchema,
  checkQuerySchema,
  checkRunSchema,
  type CheckClose,
  type CheckDetail,
  type CheckList,
  type CheckQuery,
  type CheckRunView,
} from '#contracts';
import { CheckService } from '#settlement';
import { countiesFor, requireActor } from './actor.ts';

const idSchema = z.string().regex(/^[1-9]\d{0,17}$/);

/** Problems that audits found elsewhere, looked for here every day. */
@ApiTags('checks')
@Controller('v1/checks')
export class ChecksController {
  constructor(@Inject(CheckService) private readonly checks: CheckService) {}

  @Get()
  @ApiOperation({ summary: 'Findings of an area, those due first, first; a page at a time' })
  @ApiOkResponse({ standardSchema: checkListSchema })
  list(
    @Query({ schema: checkQuerySchema }) query: CheckQuery,
    @Req() request: FastifyRequest,
  ): Promise<CheckList> {
    return this.checks.list(query, { area: countiesFor(request, query.county) });
  }

  @Post('run')
  @HttpCode(200)
  @ApiOperation({ summary: 'Looks for all of them now; what is found again is the same finding' })
  @ApiOkResponse({ standardSchema: checkRunSchema })
  run(@Req() request: FastifyRequest): Promise<CheckRunView> {
    return this.checks.runNow(requireActor(request, 'finding.close'));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One finding: the rows behind it, and its history' })
  @ApiOkResponse({ standardSchema: checkDetailSchema })
  detail(
    @Param('id', { schema: idSchema }) id: string,
    @Req() request: FastifyRequest,
  ): Promise<CheckDetail> {
    return this.checks.detail(BigInt(id), { area: countiesFor(request, undefined) });
  }

  @Post(':id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Answers for a finding and lets it stand; the same action key closes once' })
  @ApiOkResponse({ standardSchema: checkDetailSchema })
  close(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: checkCloseSchema }) body: CheckClose,
    @Req() request: FastifyRequest,
  ): Promise<CheckDetail> {
    const actor = requireActor(request, 'finding.close');
    return this.checks.close(BigInt(id), body, { area: countiesFor(request, undefined) }, actor);
  }
}
