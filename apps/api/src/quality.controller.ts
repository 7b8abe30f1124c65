import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  dayReceiptsQuerySchema,
  dayReceiptsSchema,
  qualityListSchema,
  qualityQuerySchema,
  stationQualityQuerySchema,
  stationQualitySchema,
  type DayReceipts,
  type DayReceiptsQuery,
  type QualityList,
  type QualityQuery,
  type StationQuality,
  type StationQualityQuery,
} from '#contracts';
import { DayReceiptsService, QualityViewService } from '#ingestion';

@ApiTags('quality')
@Controller('v1')
export class QualityController {
  constructor(
    @Inject(QualityViewService) private readonly quality: QualityViewService,
    @Inject(DayReceiptsService) private readonly receipts: DayReceiptsService,
  ) {}

  @Get('quality')
  @ApiOperation({ summary: 'Stations whose data are doubtful, the most energy first' })
  @ApiOkResponse({ standardSchema: qualityListSchema })
  list(@Query({ schema: qualityQuerySchema }) query: QualityQuery): Promise<QualityList> {
    return this.quality.list(query);
  }

  @Get('stations/:code/quality')
  @ApiOperation({ summary: 'Days of one station with what is doubtful of each' })
  @ApiOkResponse({ standardSchema: stationQualitySchema })
  station(
    @Param('code', { schema: z.string().max(40) }) code: string,
    @Query({ schema: stationQualityQuerySchema }) query: StationQualityQuery,
  ): Promise<StationQuality> {
    return this.quality.station(code, query);
  }

  @Get('ingest/receipts/day')
  @ApiOperation({
    summary: 'Receipts of all stations of an area on one day, the most missing first, with totals',
  })
  @ApiOkResponse({ standardSchema: dayReceiptsSchema })
  day(@Query({ schema: dayReceiptsQuerySchema }) query: DayReceiptsQuery): Promise<DayReceipts> {
    return this.receipts.list(query);
  }
}
