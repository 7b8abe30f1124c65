import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  expectedFleetQuerySchema,
  expectedFleetSchema,
  expectedStationQuerySchema,
  expectedStationSchema,
  type ExpectedFleet,
  type ExpectedFleetQuery,
  type ExpectedStation,
} from '#contracts';
import { ExpectedViewService } from '#monitoring';
import { ProblemError } from '#platform';

@ApiTags('expected')
@Controller('v1')
export class ExpectedController {
  constructor(@Inject(ExpectedViewService) private readonly expected: ExpectedViewService) {}

  @Get('expected')
  @ApiOperation({ summary: 'What each station should have made on a day, the worst loss first' })
  @ApiOkResponse({ standardSchema: expectedFleetSchema })
  fleet(@Query({ schema: expectedFleetQuerySchema }) query: ExpectedFleetQuery): Promise<ExpectedFleet> {
    return this.expected.fleet(query);
  }

  @Get('stations/:code/expected')
  @ApiOperation({
    summary: 'One station and day: expected power with its band, verdict, cause and indicators',
  })
  @ApiOkResponse({ standardSchema: expectedStationSchema })
  async station(
    @Param('code', { schema: z.string().max(40) }) code: string,
    @Query({ schema: expectedStationQuerySchema }) query: z.infer<typeof expectedStationQuerySchema>,
  ): Promise<ExpectedStation> {
    const found = await this.expected.station(code, query.day);
    if (found === null) throw new ProblemError(404, 'station.not_found', `no station ${code}`);
    return found;
  }
}
