import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { wallQuerySchema, wallSchema } from '#contracts';
import { WallService } from '#monitoring';
import { ProblemError } from '#platform';
import { countyFor } from './actor.ts';
import { SharedBodies } from './shared-bodies.ts';

@ApiTags('fleet')
@Controller('v1')
export class WallController {
  private readonly bodies = new SharedBodies();

  constructor(@Inject(WallService) private readonly walls: WallService) {}

  @Get('wall')
  @ApiOperation({ summary: 'The whole big screen in one request' })
  @ApiOkResponse({ standardSchema: wallSchema })
  async wall(
    @Query({ schema: wallQuerySchema }) query: z.infer<typeof wallQuerySchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wall = await this.walls.wall(countyFor(request, query.county) ?? null);
    if (!wall) throw new ProblemError(404, 'county.not_found', `no county ${query.county} with stations`);
    await this.bodies.send(wall, request, reply);
  }
}
