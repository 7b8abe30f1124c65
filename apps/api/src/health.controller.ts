import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database, sql } from '#persistence';
import { Clock, ProblemError } from '#platform';

/** A program that has not written its sign of life for this long (real time) is taken for dead. */
const SILENT_MS = 15_000;

const readySchema = z
  .object({
    status: z.literal('ready'),
    programs: z.record(
      z.string(),
      z.object({ ageMs: z.number().int(), detail: z.record(z.string(), z.unknown()) }),
    ),
  })
  .meta({ id: 'Ready' });

interface Heartbeat {
  program: string;
  instance: string;
  recordedAt: Date;
  detail: Record<string, unknown>;
}

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The program runs' })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Database, ingest and worker do their work; 503 names the one that does not' })
  @ApiOkResponse({ standardSchema: readySchema })
  async ready(): Promise<z.infer<typeof readySchema>> {
    const heartbeats = await this.database
      .query<Heartbeat>(
        sql`select program, instance, recorded_at as "recordedAt", detail from program_heartbeat order by program, instance`,
      )
      .catch((cause: unknown) => {
        throw new ProblemError(503, 'health.database_unreachable', String(cause));
      });
    const ageOf = ({ recordedAt }: Heartbeat) =>
      Math.round((this.clock.nowMs() - recordedAt.getTime()) / this.clock.speed);
    for (const program of ['ingest', 'worker']) {
      const alive = heartbeats.filter((beat) => beat.program === program && ageOf(beat) < SILENT_MS);
      if (alive.length === 0)
        throw new ProblemError(503, `health.${program}_silent`, `no sign of life from ${program}`);
      // Asked first: while it goes on, ingest is connected half of the time.
      if (program === 'ingest' && alive.every(({ detail }) => detail['contended'] === true))
        throw new ProblemError(
          503,
          'health.client_id_shared',
          'another program connects to the broker with the client id of ingest, and they throw each other out',
        );
      if (program === 'ingest' && alive.every(({ detail }) => detail['connected'] !== true))
        throw new ProblemError(503, 'health.broker_unreachable', 'ingest is not connected to the broker');
      if (program === 'ingest' && alive.every(({ detail }) => detail['silent'] === true))
        throw new ProblemError(
          503,
          'health.connected_but_silent',
          'ingest is connected to the broker, and no station sends in daylight',
        );
      if (program === 'ingest' && alive.every(({ detail }) => typeof detail['failing'] === 'string'))
        throw new ProblemError(
          503,
          'health.ingest_failing',
          `ingest cannot write: ${JSON.stringify(alive[0]?.detail['failing'])}`,
        );
    }
    return {
      status: 'ready',
      programs: Object.fromEntries(
        heartbeats.map((beat) => [beat.instance, { ageMs: ageOf(beat), detail: beat.detail }]),
      ),
    };
  }
}
