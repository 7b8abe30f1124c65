import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  boardQuerySchema,
  boardSchema,
  settlementDashboardQuerySchema,
  settlementDashboardSchema,
  type BoardQuery,
  type SettlementBoard,
  type SettlementDashboard,
  type SettlementDashboardQuery,
} from '#contracts';
import { BoardService, DashboardService } from '#settlement';
import { areaOf, countyFor } from './actor.ts';
import { refused } from './refusals.ts';

/** What finance looks at first: which step blocks which county. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementBoardController {
  constructor(
    @Inject(BoardService) private readonly boards: BoardService,
    @Inject(DashboardService) private readonly dashboards: DashboardService,
  ) {}

  @Get('board')
  @ApiOperation({ summary: 'Counties by steps of a month: how much is done, and what blocks the rest' })
  @ApiOkResponse({ standardSchema: boardSchema })
  board(
    @Query({ schema: boardQuerySchema }) query: BoardQuery,
    @Req() request: FastifyRequest,
  ): Promise<SettlementBoard> {
    return refused(() => this.boards.board({ month: query.month, ...areaOf(request, query) }));
  }

  @Get('dashboard')
  @ApiOperation({ summary: 'Where the money is, by step, month, county, age and village' })
  @ApiOkResponse({ standardSchema: settlementDashboardSchema })
  dashboard(
    @Query({ schema: settlementDashboardQuerySchema }) query: SettlementDashboardQuery,
    @Req() request: FastifyRequest,
  ): Promise<SettlementDashboard> {
    return refused(() => this.dashboards.dashboard(countyFor(request, query.county)));
  }
}
