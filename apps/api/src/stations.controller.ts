import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  energyQuerySchema,
  powerQuerySchema,
  stationDaySchema,
  stationDetailSchema,
  stationEnergySchema,
  stationListQuerySchema,
  stationListSchema,
  stationPowerSchema,
  stationReadingsQuerySchema,
  stationReadingsSchema,
  stationScreenSchema,
  stationTraceQuerySchema,
  stationTraceSchema,
  type StationDay,
  type StationDetail,
  type StationEnergy,
  type StationList,
  type StationListQuery,
  type StationPower,
  type StationReadings,
  type StationReadingsQuery,
  type StationScreen,
  type StationTrace,
  type StationTraceQuery,
} from '#contracts';
import { HistoryService, StationService } from '#monitoring';
import { ProblemError } from '#platform';
import { areaOf } from './actor.ts';

const codeSchema = z.string().max(40);

@ApiTags('stations')
@Controller('v1/stations')
export class StationsController {
  constructor(
    @Inject(StationService) private readonly stations: StationService,
    @Inject(HistoryService) private readonly history: HistoryService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Stations by area, state and words, a page at a time' })
  @ApiOkResponse({ standardSchema: stationListSchema })
  list(
    @Query({ schema: stationListQuerySchema }) query: StationListQuery,
    @Req() request: FastifyRequest,
  ): Promise<StationList> {
    return this.stations.list({ ...query, ...areaOf(request, query) });
  }

  @Get(':code')
  @ApiOperation({ summary: 'One station: state, facts, rights, devices' })
  @ApiOkResponse({ standardSchema: stationDetailSchema })
  async detail(@Param('code', { schema: codeSchema }) code: string): Promise<StationDetail> {
    return found(await this.stations.detail(code), code);
  }

  @Get(':code/screen')
  @ApiOperation({ summary: 'The page of a station in one request; `day` is today where it is absent' })
  @ApiOkResponse({ standardSchema: stationScreenSchema })
  async screen(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: powerQuerySchema }) query: z.infer<typeof powerQuerySchema>,
  ): Promise<StationScreen> {
    return found(await this.history.screen(code, query.day), code);
  }

  @Get(':code/day')
  @ApiOperation({ summary: 'One day: power, events and strings' })
  @ApiOkResponse({ standardSchema: stationDaySchema })
  async day(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: powerQuerySchema }) query: z.infer<typeof powerQuerySchema>,
  ): Promise<StationDay> {
    return found(await this.history.day(code, query.day), code);
  }

  @Get(':code/readings')
  @ApiOperation({ summary: 'Readings of a day as they are stored, the newest first, a page at a time' })
  @ApiOkResponse({ standardSchema: stationReadingsSchema })
  async readings(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: stationReadingsQuerySchema }) query: StationReadingsQuery,
  ): Promise<StationReadings> {
    return found(await this.history.readings(code, query), code);
  }

  @Get(':code/trace')
  @ApiOperation({ summary: 'Power of one device over at most 31 days, thinned out with every peak kept' })
  @ApiOkResponse({ standardSchema: stationTraceSchema })
  async trace(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: stationTraceQuerySchema }) query: StationTraceQuery,
  ): Promise<StationTrace> {
    return found(await this.history.trace(code, query), code);
  }

  @Get(':code/power')
  @ApiOperation({ summary: 'Power by quarter hour of one day in Asia/Shanghai, today where `day` is absent' })
  @ApiOkResponse({ standardSchema: stationPowerSchema })
  async power(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: powerQuerySchema }) query: z.infer<typeof powerQuerySchema>,
  ): Promise<StationPower> {
    return found(await this.stations.power(code, query.day), code);
  }

  @Get(':code/energy')
  @ApiOperation({ summary: 'Energy by day or month, `to` exclusive' })
  @ApiOkResponse({ standardSchema: stationEnergySchema })
  async energy(
    @Param('code', { schema: codeSchema }) code: string,
    @Query({ schema: energyQuerySchema }) query: z.infer<typeof energyQuerySchema>,
  ): Promise<StationEnergy> {
    return found(await this.stations.energy(code, query), code);
  }
}

function found<T>(value: T | null, code: string): T {
  if (value === null) throw new ProblemError(404, 'station.not_found', `no station ${code}`);
  return value;
}
