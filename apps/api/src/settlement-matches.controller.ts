import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  matchSignatureSchema,
  monthSchema,
  stationMatchListSchema,
  stationMatchQuerySchema,
  stationMatchSchema,
  type MatchSignature,
  type StationMatchList,
  type StationMatchQuery,
  type StationMatchView,
} from '#contracts';
import { MatchingService } from '#settlement';
import { requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const codeSchema = z.string().max(40);

/** Three-way match of station-months. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementMatchesController {
  constructor(@Inject(MatchingService) private readonly matching: MatchingService) {}

  @Get('matches')
  @ApiOperation({ summary: 'Telemetry, statement and bank of each station of a county and month' })
  @ApiOkResponse({ standardSchema: stationMatchListSchema })
  list(@Query({ schema: stationMatchQuerySchema }) query: StationMatchQuery): Promise<StationMatchList> {
    return refused(() => this.matching.list(query));
  }

  @Post('matches/:station/:month/sign')
  @HttpCode(200)
  @ApiOperation({ summary: 'Signs a reason for the alarms of a station-month as they stand' })
  @ApiOkResponse({ standardSchema: stationMatchSchema })
  sign(
    @Param('station', { schema: codeSchema }) station: string,
    @Param('month', { schema: monthSchema }) month: string,
    @Body({ schema: matchSignatureSchema }) body: MatchSignature,
    @Req() request: FastifyRequest,
  ): Promise<StationMatchView> {
    const actor = requireActor(request, 'settlement.make');
    return refused(() => this.matching.sign({ station, month }, body, actor));
  }
}
