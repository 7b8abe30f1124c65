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
  stationMonthSchema,
  type MatchSignature,
  type StationMatchList,
  type StationMatchQuery,
  type StationMatchView,
  type StationMonth,
} from '#contracts';
import { MatchingService, StationMonthService } from '#settlement';
import { countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const codeSchema = z.string().max(40);

/** Three-way match of station-months. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementMatchesController {
  constructor(
    @Inject(MatchingService) private readonly matching: MatchingService,
    @Inject(StationMonthService) private readonly months: StationMonthService,
  ) {}

  @Get('matches')
  @ApiOperation({ summary: 'Telemetry, statement and bank of each station of a county and month' })
  @ApiOkResponse({ standardSchema: stationMatchListSchema })
  list(
    @Query({ schema: stationMatchQuerySchema }) query: StationMatchQuery,
    @Req() request: FastifyRequest,
  ): Promise<StationMatchList> {
    countyFor(request, query.county);
    return refused(() => this.matching.list(query));
  }

  @Get('matches/:station/:month')
  @ApiOperation({
    summary: 'What a station-month rests on: days, every version of its statements, signatures',
  })
  @ApiOkResponse({ standardSchema: stationMonthSchema })
  async month(
    @Param('station', { schema: codeSchema }) station: string,
    @Param('month', { schema: monthSchema }) month: string,
    @Req() request: FastifyRequest,
  ): Promise<StationMonth> {
    countyFor(request, await this.matching.countyOf(station));
    return refused(() => this.months.read({ station, month }));
  }

  @Post('matches/:station/:month/sign')
  @HttpCode(200)
  @ApiOperation({ summary: 'Signs a reason for the alarms of a station-month as they stand' })
  @ApiOkResponse({ standardSchema: stationMatchSchema })
  async sign(
    @Param('station', { schema: codeSchema }) station: string,
    @Param('month', { schema: monthSchema }) month: string,
    @Body({ schema: matchSignatureSchema }) body: MatchSignature,
    @Req() request: FastifyRequest,
  ): Promise<StationMatchView> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, await this.matching.countyOf(station));
    return refused(() => this.matching.sign({ station, month }, body, actor));
  }
}
