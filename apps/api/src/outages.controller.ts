import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  outageEndSchema,
  outageEntrySchema,
  outageListSchema,
  outageQuerySchema,
  outageSchema,
  plantChangeEntrySchema,
  plantChangeListSchema,
  plantChangeSchema,
  type Outage,
  type OutageEnd,
  type OutageEntry,
  type OutageList,
  type OutageQuery,
  type PlantChange,
  type PlantChangeEntry,
  type PlantChangeList,
} from '#contracts';
import { OutageService, PlantChangeService } from '#monitoring';
import { requireActor } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const codeSchema = z.string().max(40);

/** What is known of a place beside its readings: outages, and changes of a plant. */
@ApiTags('outages')
@Controller('v1')
export class OutagesController {
  constructor(
    @Inject(OutageService) private readonly outages: OutageService,
    @Inject(PlantChangeService) private readonly changes: PlantChangeService,
  ) {}

  @Get('outages')
  @ApiOperation({ summary: 'Registered outages, the one that begins last first; a page at a time' })
  @ApiOkResponse({ standardSchema: outageListSchema })
  list(@Query({ schema: outageQuerySchema }) query: OutageQuery): Promise<OutageList> {
    return this.outages.list(query);
  }

  @Post('outages')
  @HttpCode(200)
  @ApiOperation({ summary: 'Registers an outage: what it covers is quiet, its days are not held against it' })
  @ApiOkResponse({ standardSchema: outageSchema })
  register(
    @Body({ schema: outageEntrySchema }) body: OutageEntry,
    @Req() request: FastifyRequest,
  ): Promise<Outage> {
    return this.outages.register(body, requireActor(request, 'alarm.configure'));
  }

  @Post('outages/:id/end')
  @HttpCode(200)
  @ApiOperation({ summary: 'Says the end of an outage that had none' })
  @ApiOkResponse({ standardSchema: outageSchema })
  end(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: outageEndSchema }) body: OutageEnd,
    @Req() request: FastifyRequest,
  ): Promise<Outage> {
    return this.outages.end(id, body.toAt, requireActor(request, 'alarm.configure'));
  }

  @Post('outages/:id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels an outage; it stays, with a stamp' })
  @ApiOkResponse({ standardSchema: outageSchema })
  cancel(@Param('id', { schema: idSchema }) id: number, @Req() request: FastifyRequest): Promise<Outage> {
    return this.outages.cancel(id, requireActor(request, 'alarm.configure'));
  }

  @Get('stations/:code/plant-changes')
  @ApiOperation({ summary: 'Changes of a plant, the newest first' })
  @ApiOkResponse({ standardSchema: plantChangeListSchema })
  plantChanges(@Param('code', { schema: codeSchema }) code: string): Promise<PlantChangeList> {
    return this.changes.list(code);
  }

  @Post('stations/:code/plant-changes')
  @HttpCode(200)
  @ApiOperation({ summary: 'A change of a plant: from its day on expected output is learned anew' })
  @ApiOkResponse({ standardSchema: plantChangeSchema })
  addPlantChange(
    @Param('code', { schema: codeSchema }) code: string,
    @Body({ schema: plantChangeEntrySchema }) body: PlantChangeEntry,
    @Req() request: FastifyRequest,
  ): Promise<PlantChange> {
    return this.changes.add(code, body, requireActor(request, 'alarm.configure'));
  }

  @Post('stations/:code/plant-changes/:id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels a change of a plant; it stays, with a stamp' })
  @ApiOkResponse({ standardSchema: plantChangeSchema })
  cancelPlantChange(
    @Param('code', { schema: codeSchema }) code: string,
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<PlantChange> {
    return this.changes.cancel(code, id, requireActor(request, 'alarm.configure'));
  }
}
