import { Controller, Get, Headers, Inject, Query, Req, Res, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Observable } from 'rxjs';
import { z } from 'zod';
import { SessionService } from '#access';
import {
  areasSchema,
  compareQuerySchema,
  fleetQuerySchema,
  fleetSchema,
  liveQuerySchema,
  stationCompareSchema,
  type Areas,
  type CompareQuery,
  type LiveQuery,
  type StationCompare,
} from '#contracts';
import { FleetService, HistoryService, LiveService } from '#monitoring';
import { ProblemError } from '#platform';
import { RegistryRepository } from '#registry';
import { areaOf, countyFor, visitorOf } from './actor.ts';
import { whileLoggedIn } from './live-session.ts';
import { SharedBodies } from './shared-bodies.ts';

@ApiTags('fleet')
@Controller('v1')
export class FleetController {
  private readonly bodies = new SharedBodies();

  constructor(
    @Inject(FleetService) private readonly fleetService: FleetService,
    @Inject(LiveService) private readonly liveService: LiveService,
    @Inject(HistoryService) private readonly history: HistoryService,
    @Inject(RegistryRepository) private readonly registry: RegistryRepository,
    @Inject(SessionService) private readonly sessions: SessionService,
  ) {}

  @Get('fleet')
  @ApiOperation({ summary: 'The whole overview in one request' })
  @ApiOkResponse({ standardSchema: fleetSchema })
  async fleet(
    @Query({ schema: fleetQuerySchema }) query: z.infer<typeof fleetQuerySchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const fleet = await this.fleetService.fleet(countyFor(request, query.county) ?? null);
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
    summary:
      'Server-sent events: `fleet` (LiveFleet) or, with ?station=, `station` (LiveStation), and `alarms` (LiveAlarms); goes on after Last-Event-ID',
  })
  @ApiProduces('text/event-stream')
  async live(
    @Query({ schema: liveQuerySchema }) query: LiveQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<Observable<MessageEvent>> {
    // A station's stream is told apart by the station alone; the city's and a county's by the area of who asks.
    const scope = query.station === undefined ? { ...query, ...areaOf(request, query) } : query;
    const subscribe = await this.liveService.open(scope);
    if (subscribe === null)
      throw query.station === undefined
        ? new ProblemError(404, 'county.not_found', `no county ${query.county} with stations`)
        : new ProblemError(404, 'station.not_found', `no station ${query.station}`);
    const messages = new Observable<MessageEvent>((reader) =>
      subscribe((message) => reader.next(message), lastEventId ?? null),
    );
    const { session } = visitorOf(request);
    return whileLoggedIn(messages, session === null ? null : () => this.sessions.isLive(session));
  }
}
