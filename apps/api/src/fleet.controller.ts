import { Controller, Get, Inject, Query, Req, Res, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exhaustMap, from, map, timer, type Observable } from 'rxjs';
import { z } from 'zod';
import {
  areasSchema,
  compareQuerySchema,
  fleetQuerySchema,
  fleetSchema,
  stationCompareSchema,
  type Areas,
  type CompareQuery,
  type StationCompare,
} from '#contracts';
import { FleetService, HistoryService, StationService } from '#monitoring';
import { ProblemError } from '#platform';
import { RegistryRepository } from '#registry';
import { SharedBodies } from './shared-bodies.ts';

/** Live figures are sent this often; the page's numbers move, the network does not notice. */
const LIVE_EVERY_MS = 2000;

const liveQuerySchema = z.strictObject({
  county: z.string().max(12).optional(),
  station: z.string().max(40).optional(),
});

@ApiTags('fleet')
@Controller('v1')
export class FleetController {
  private readonly bodies = new SharedBodies();

  constructor(
    @Inject(FleetService) private readonly fleetService: FleetService,
    @Inject(StationService) private readonly stations: StationService,
    @Inject(HistoryService) private readonly history: HistoryService,
    @Inject(RegistryRepository) private readonly registry: RegistryRepository,
  ) {}

  @Get('fleet')
  @ApiOperation({ summary: 'The whole overview in one request' })
  @ApiOkResponse({ standardSchema: fleetSchema })
  async fleet(
    @Query({ schema: fleetQuerySchema }) query: z.infer<typeof fleetQuerySchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const fleet = await this.fleetService.fleet(query.county ?? null);
    if (!fleet) throw new ProblemError(404, 'county.not_found', `no county ${query.county} with stations`);
    await this.bodies.send(fleet, request, reply);
  }

  @Get('compare')
  @ApiOperation({ summary: 'Stations side by side over a day and its month, each by its installed power' })
  @ApiOkResponse({ standardSchema: stationCompareSchema })
  compare(@Query({ schema: compareQuerySchema }) query: CompareQuery): Promise<StationCompare> {
    return this.history.compare(query);
  }

  @Get('areas')
  @ApiOperation({ summary: 'Counties and townships with their stations counted' })
  @ApiOkResponse({ standardSchema: areasSchema })
  areas(): Promise<Areas> {
    return this.registry.listAreas();
  }

  @Sse('live')
  @ApiOperation({
    summary: 'Server-sent events: `fleet` (LiveFleet) or, with ?station=, `station` (LiveStation)',
  })
  @ApiProduces('text/event-stream')
  async live(
    @Query({ schema: liveQuerySchema }) query: z.infer<typeof liveQuerySchema>,
  ): Promise<Observable<MessageEvent>> {
    const { station, county } = query;
    const ask = () =>
      station === undefined ? this.fleetService.liveFleet(county ?? null) : this.stations.live(station);
    if (!(await ask()))
      throw station === undefined
        ? new ProblemError(404, 'county.not_found', `no county ${county} with stations`)
        : new ProblemError(404, 'station.not_found', `no station ${station}`);
    return timer(0, LIVE_EVERY_MS).pipe(
      // An answer that takes longer than the interval is waited for, not thrown away.
      exhaustMap(() => from(ask())),
      map((data) => ({ type: station === undefined ? 'fleet' : 'station', data: data ?? {} })),
    );
  }
}
