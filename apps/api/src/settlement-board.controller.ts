import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { boardQuerySchema, boardSchema, type BoardQuery, type SettlementBoard } from '#contracts';
import { BoardService } from '#settlement';
import { areaOf } from './actor.ts';
import { refused } from './refusals.ts';

/** What finance looks at first: which step blocks which county. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementBoardController {
  constructor(@Inject(BoardService) private readonly boards: BoardService) {}

  @Get('board')
  @ApiOperation({ summary: 'Counties by steps of a month: how much is done, and what blocks the rest' })
  @ApiOkResponse({ standardSchema: boardSchema })
  board(
    @Query({ schema: boardQuerySchema }) query: BoardQuery,
    @Req() request: FastifyRequest,
  ): Promise<SettlementBoard> {
    return refused(() => this.boards.board({ month: query.month, ...areaOf(request, query) }));
  }
}
