import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  testbenchAskSchema,
  testbenchFileQuerySchema,
  testbenchQuerySchema,
  testbenchReplaySchema,
  testbenchRunListSchema,
  testbenchRunSchema,
  type TestbenchAsk,
  type TestbenchFileQuery,
  type TestbenchQuery,
  type TestbenchReplay,
  type TestbenchRun,
  type TestbenchRunList,
} from '#contracts';
import { ProblemError } from '#platform';
import { resultCsv, TestbenchService } from '#testbench';
import { requireActor } from './actor.ts';

const idSchema = z.uuid();
const PERMISSION = 'testbench.run';

/** The testers' place: a world with faults is played on throw-away storage; what is true stands beside what was stored. */
@ApiTags('testbench')
@Controller('v1/testbench/runs')
export class TestbenchController {
  constructor(@Inject(TestbenchService) private readonly runs: TestbenchService) {}

  @Get()
  @ApiOperation({ summary: 'Runs of the area, the newest first; a page at a time' })
  @ApiOkResponse({ standardSchema: testbenchRunListSchema })
  list(
    @Query({ schema: testbenchQuerySchema }) query: TestbenchQuery,
    @Req() request: FastifyRequest,
  ): Promise<TestbenchRunList> {
    return this.runs.list(query, requireActor(request, PERMISSION));
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Puts a run into the queue; the same action key is one run' })
  @ApiOkResponse({ standardSchema: testbenchRunSchema })
  ask(
    @Body({ schema: testbenchAskSchema }) body: TestbenchAsk,
    @Req() request: FastifyRequest,
  ): Promise<TestbenchRun> {
    return this.runs.ask(body, requireActor(request, PERMISSION));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One run: how far it is, and what came out' })
  @ApiOkResponse({ standardSchema: testbenchRunSchema })
  get(@Param('id', { schema: idSchema }) id: string, @Req() request: FastifyRequest): Promise<TestbenchRun> {
    return this.runs.get(id, requireActor(request, PERMISSION));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes a run back that waits or runs' })
  @ApiOkResponse({ standardSchema: testbenchRunSchema })
  cancel(
    @Param('id', { schema: idSchema }) id: string,
    @Req() request: FastifyRequest,
  ): Promise<TestbenchRun> {
    return this.runs.cancel(id, requireActor(request, PERMISSION));
  }

  @Post(':id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Puts the same world into the queue once more, to hold the results side by side' })
  @ApiOkResponse({ standardSchema: testbenchRunSchema })
  replay(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: testbenchReplaySchema }) body: TestbenchReplay,
    @Req() request: FastifyRequest,
  ): Promise<TestbenchRun> {
    return this.runs.replay(id, body.actionKey, requireActor(request, PERMISSION));
  }

  @Get(':id/file')
  @ApiOperation({ summary: 'What was asked for, or what came out, as a file' })
  @ApiProduces('application/json', 'text/csv')
  async file(
    @Param('id', { schema: idSchema }) id: string,
    @Query({ schema: testbenchFileQuerySchema }) { form }: TestbenchFileQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const run = await this.runs.get(id, requireActor(request, PERMISSION));
    const { text, mediaType, ending } = fileOf(run, form);
    reply.type(mediaType).header('content-disposition', `attachment; filename="testbench-${id}.${ending}"`);
    return Buffer.from(text);
  }
}

/** @throws ProblemError 409 `testbench.no_result` */
function fileOf(run: TestbenchRun, form: TestbenchFileQuery['form']) {
  const { parameters, result, resultHash } = run;
  const json = { mediaType: 'application/json; charset=utf-8' };
  if (form === 'scenario') {
    const text = parameters.kind === 'file' ? parameters.text : JSON.stringify(parameters, null, 2);
    return { ...json, ending: 'scenario.json', text };
  }
  if (result === null)
    throw new ProblemError(409, 'testbench.no_result', '运行没有结果 (the run has no result)');
  if (form === 'result-csv')
    return { mediaType: 'text/csv; charset=utf-8', ending: 'result.csv', text: resultCsv(result) };
  return {
    ...json,
    ending: 'result.json',
    text: JSON.stringify({ parameters, resultHash, result }, null, 2),
  };
}
