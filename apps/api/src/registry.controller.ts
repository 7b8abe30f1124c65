import { Controller, Get, Inject, Post, Query, Req, Res, HttpCode } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { importReportSchema, type ImportReport } from '#contracts';
import { Database } from '#persistence';
import { ProblemError } from '#platform';
import { IMPORT_KINDS, importRegistry, importTemplate, RegistryError } from '#registry';
import { requireActor } from './actor.ts';

const kindSchema = z.enum(IMPORT_KINDS);
const importQuerySchema = z.strictObject({ kind: kindSchema, dryRun: z.stringbool().default(false) });
const templateQuerySchema = z.strictObject({ kind: kindSchema });

/** Files as they come: CSV or XLSX bytes in the body. */
export const IMPORT_MEDIA_TYPES = [
  'text/csv',
  'application/octet-stream',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
];

@ApiTags('registry')
@Controller('v1/registry')
export class RegistryController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Post('imports')
  @HttpCode(200)
  @ApiOperation({ summary: 'Imports one sheet, wholly or not at all; the report names every bad row' })
  @ApiConsumes(...IMPORT_MEDIA_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: importReportSchema })
  async import(
    @Query({ schema: importQuerySchema }) query: z.infer<typeof importQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    requireActor(request, 'registry.write');
    if (!Buffer.isBuffer(request.body) || request.body.length === 0)
      throw new ProblemError(400, 'import.no_file', 'send the file as the body of the request');
    try {
      return await importRegistry(this.database, { ...query, bytes: request.body });
    } catch (error) {
      if (error instanceof RegistryError) throw new ProblemError(422, error.code, error.message);
      throw error;
    }
  }

  @Get('import-templates')
  @ApiOperation({ summary: 'The header row of a sheet, as CSV that Excel opens' })
  @ApiProduces('text/csv')
  template(
    @Query({ schema: templateQuerySchema }) query: z.infer<typeof templateQuerySchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Buffer {
    const template = importTemplate(query.kind);
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${query.kind}.csv"`);
    return Buffer.from(template.csv);
  }
}
