import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { villageLineageSchema, type VillageLineageView } from '#contracts';
import { AllocationService, LineageService } from '#settlement';
import { countyFor } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const codeSchema = z.string().max(40);

/** Where an amount comes from. */
@ApiTags('lineage')
@Controller('v1/lineage')
export class LineageController {
  constructor(
    @Inject(LineageService) private readonly lineage: LineageService,
    @Inject(AllocationService) private readonly allocations: AllocationService,
  ) {}

  @Get('allocation-runs/:id/villages/:village')
  @ApiOperation({
    summary: 'Opens the amount of a village down to station-days, and makes it again to the fen',
  })
  @ApiOkResponse({ standardSchema: villageLineageSchema })
  async village(
    @Param('id', { schema: idSchema }) id: number,
    @Param('village', { schema: codeSchema }) village: string,
    @Req() request: FastifyRequest,
  ): Promise<VillageLineageView> {
    countyFor(request, await this.allocations.countyOf(id));
    return this.lineage.village(id, village);
  }
}
