import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  energyQuerySchema,
  powerQuerySchema,
  stationDetailSchema,
  stationEnergySchema,
  stationListQuerySchema,
  stationListSchema,
  stationPowerSchema,
  type StationDetail,
  type StationEnergy,
  type StationList,
  type StationListQuery,
  type StationPower,
} from '#contracts';
import { StationService } from '#monitoring';
import { ProblemError } from '#platform';

const codeSchema = z.string().max(40);

@ApiTags('stations')
@Controller('v1/stations')
export class StationsController {
  constructor(@Inject(StationService) private readonly stations: StationService) {}

  @Get()
  @ApiOperation({ summary: 'Stations by area, state and words, a page at a time' })
  @ApiOkResponse({ standardSchema: stationListSchema })
  list(@Query({ schema: stationListQuerySchema }) query: StationListQuery): Promise<StationList> {
    return this.stations.list(query);
  }

  @Get(':code')
  @ApiOperation({ summary: 'One station: state, facts, rights, devices' })
  @ApiOkResponse({ standardSchema: stationDetailSchema })
  async detail(@Param('code', { schema: codeSchema }) code: string): Promise<StationDetail> {
    return found(await this.stations.detail(code), code);
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
