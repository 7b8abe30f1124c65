import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  dueReportListSchema,
  dueReportSchema,
  exportJobSchema,
  exportListSchema,
  exportQuerySchema,
  exportRequestSchema,
  handInSchema,
  monthSchema,
  type DueReportList,
  type DueReportView,
  type ExportJobView,
  type ExportList,
  type ExportQuery,
  type ExportRequest,
  type HandIn,
} from '#contracts';
import { ExportService } from '#settlement';
import { areaOf, countiesFor, requireActor, visitorOf } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** Files of figures, made in the background. */
@ApiTags('reports')
@Controller('v1/exports')
export class ExportsController {
  constructor(@Inject(ExportService) private readonly exports: ExportService) {}

  @Get()
  @ApiOperation({ summary: 'Files of an area with their states, the newest first; a page at a time' })
  @ApiOkResponse({ standardSchema: exportListSchema })
  list(
    @Query({ schema: exportQuerySchema }) query: ExportQuery,
    @Req() request: FastifyRequest,
  ): Promise<ExportList> {
    return this.exports.list(query, { area: countiesFor(request, query.county) });
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Asks for a file; the same action key is one file' })
  @ApiOkResponse({ standardSchema: exportJobSchema })
  ask(
    @Body({ schema: exportRequestSchema }) body: ExportRequest,
    @Req() request: FastifyRequest,
  ): Promise<ExportJobView> {
    const actor = requireActor(request, 'report.make');
    const reader = { area: countiesFor(request, body.county) };
    // A run says its county itself.
    const place = body.runId === undefined ? areaOf(request, body) : {};
    return this.exports.ask({ ...body, ...place }, reader, actor);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One file: how far it is' })
  @ApiOkResponse({ standardSchema: exportJobSchema })
  job(@Param('id', { schema: idSchema }) id: number, @Req() request: FastifyRequest): Promise<ExportJobView> {
    return this.exports.job(id, { area: countiesFor(request, undefined) });
  }

  @Get(':id/file')
  @ApiOperation({ summary: 'The bytes of a file; that they were taken is noted' })
  @ApiProduces('application/octet-stream')
  async file(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { session } = visitorOf(request);
    const actor = session === null ? null : { accountId: session.accountId, name: session.displayName };
    const reader = { area: countiesFor(request, undefined) };
    const { fileName, mediaType, bytes } = await this.exports.file(id, reader, actor);
    reply
      .type(mediaType)
      .header('cache-control', 'private, no-store')
      .header(
        'content-disposition',
        `attachment; filename="export-${id}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
      )
      .header('content-security-policy', "default-src 'none'; sandbox");
    return bytes;
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Nobody wants the file any more' })
  @ApiOkResponse({ standardSchema: exportJobSchema })
  cancel(
    @Param('id', { schema: idSchema }) id: number,
    @Req() request: FastifyRequest,
  ): Promise<ExportJobView> {
    requireActor(request, 'report.make');
    return this.exports.cancel(id, { area: countiesFor(request, undefined) });
  }
}

/** Reports of energy, price and subsidy that are due by the 10th (发改价格规〔2017〕2196号 art. 4). */
@ApiTags('reports')
@Controller('v1/reports/due')
export class DueReportsController {
  constructor(@Inject(ExportService) private readonly exports: ExportService) {}

  @Get()
  @ApiOperation({ summary: 'The reports of the last months: prepared, handed in, overdue' })
  @ApiOkResponse({ standardSchema: dueReportListSchema })
  due(@Req() request: FastifyRequest): Promise<DueReportList> {
    return this.exports.due({ area: countiesFor(request, undefined) });
  }

  @Post(':month/hand-in')
  @HttpCode(200)
  @ApiOperation({ summary: 'Notes that a report was handed in' })
  @ApiOkResponse({ standardSchema: dueReportSchema })
  handIn(
    @Param('month', { schema: monthSchema }) month: string,
    @Body({ schema: handInSchema }) body: HandIn,
    @Req() request: FastifyRequest,
  ): Promise<DueReportView> {
    const actor = requireActor(request, 'report.make');
    return this.exports.handIn(month, body.receiptRef, { area: countiesFor(request, undefined) }, actor);
  }
}
