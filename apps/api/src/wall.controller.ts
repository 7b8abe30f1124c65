import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { wallQuerySchema, wallSchema, type Wall, type WallOfStations } from '#contracts';
import { WallService } from '#monitoring';
import { ProblemError } from '#platform';
import { countyFor } from './actor.ts';
import { SharedBodies } from './shared-bodies.ts';
import { WallMoney } from './wall-money.ts';

@ApiTags('fleet')
@Controller('v1')
export class WallController {
  private readonly bodies = new SharedBodies();
  /** As long as the stations say the same, everybody gets the same answer. */
  private readonly answers = new WeakMap<WallOfStations, Wall>();

  constructor(
    @Inject(WallService) private readonly walls: WallService,
    @Inject(WallMoney) private readonly money: WallMoney,
  ) {}

  @Get('wall')
  @ApiOperation({ summary: 'The whole big screen in one request' })
  @ApiOkResponse({ standardSchema: wallSchema })
  async wall(
    @Query({ schema: wallQuerySchema }) query: z.infer<typeof wallQuerySchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const county = countyFor(request, query.county) ?? null;
    const stations = await this.walls.wall(county);
    if (!stations) throw new ProblemError(404, 'county.not_found', `no county ${query.county} with stations`);
    const answer = this.answers.get(stations) ?? { ...stations, money: await this.money.of(county) };
    this.answers.set(stations, answer);
    await this.bodies.send(answer, request, reply);
  }
}
