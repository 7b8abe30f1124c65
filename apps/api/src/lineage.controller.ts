import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  dayLineageSchema,
  daySchema,
  readingLineageQuerySchema,
  villageLineageSchema,
  type DayLineageView,
  type ReadingLineageQuery,
  type VillageLineageView,
} from '#contracts';
import { AllocationService, LineageService, ReverseLineageService } from '#settlement';
import { countyFor } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const codeSchema = z.string().max(40);

/** Where an amount comes from, and what a reading touches. */
@ApiTags('lineage')
@Controller('v1/lineage')
export class LineageController {
  constructor(
    @Inject(LineageService) private readonly lineage: LineageService,
    @Inject(AllocationService) private readonly allocations: AllocationService,
    @Inject(ReverseLineageService) private readonly reverse: ReverseLineageService,
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

  @Get('stations/:code/days/:day')
  @ApiOperation({ summary: 'Which papers, runs and villages a day of a station touches' })
  @ApiOkResponse({ standardSchema: dayLineageSchema })
  async day(
    @Param('code', { schema: codeSchema }) code: string,
    @Param('day', { schema: daySchema }) day: string,
    @Req() request: FastifyRequest,
  ): Promise<DayLineageView> {
    countyFor(request, await this.reverse.countyOf(code));
    return this.reverse.day(code, day);
  }

  @Get('stations/:code/devices/:device/reading')
  @ApiOperation({ summary: 'Which papers, runs and villages a reading of a device touches' })
  @ApiOkResponse({ standardSchema: dayLineageSchema })
  async reading(
    @Param('code', { schema: codeSchema }) code: string,
    @Param('device', { schema: codeSchema }) device: string,
    @Query({ schema: readingLineageQuerySchema }) query: ReadingLineageQuery,
    @Req() request: FastifyRequest,
  ): Promise<DayLineageView> {
    countyFor(request, await this.reverse.countyOf(code));
    return this.reverse.reading(code, device, new Date(query.at));
  }
}
