import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  statementImportListSchema,
  statementImportPageSchema,
  statementImportQuerySchema,
  statementMappingEntrySchema,
  statementMappingListSchema,
  statementMappingViewSchema,
  statementListSchema,
  statementQuerySchema,
  statementRefusalsSchema,
  statementReportSchema,
  type StatementImportList,
  type StatementImportPage,
  type StatementImportQuery,
  type StatementList,
  type StatementMappingEntry,
  type StatementMappingList,
  type StatementMappingView,
  type StatementQuery,
  type StatementRefusals,
  type StatementReport,
} from '#contracts';
import { ProblemError } from '#platform';
import { RegistryError } from '#registry';
import { AdjustmentService, StatementListService, StatementService } from '#settlement';
import { areaOf, requireActor } from './actor.ts';
import { refused } from './refusals.ts';
import { IMPORT_MEDIA_TYPES } from './registry.controller.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const sourceSchema = z.string().trim().min(1).max(60);

/** Grid statements: previewed, confirmed, stored. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementController {
  constructor(
    @Inject(StatementService) private readonly statements: StatementService,
    @Inject(AdjustmentService) private readonly adjustments: AdjustmentService,
    @Inject(StatementListService) private readonly papers: StatementListService,
  ) {}

  @Get('statements')
  @ApiOperation({ summary: 'Statements with every version, the latest month first; a page at a time' })
  @ApiOkResponse({ standardSchema: statementListSchema })
  list(
    @Query({ schema: statementQuerySchema }) query: StatementQuery,
    @Req() request: FastifyRequest,
  ): Promise<StatementList> {
    return this.papers.list({ ...query, ...areaOf(request, query) });
  }

  @Post('statement-imports')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Reads a grid statement: a preview without `confirm`, stored with the hash of the preview in it',
  })
  @ApiConsumes(...IMPORT_MEDIA_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: statementReportSchema })
  async import(
    @Query({ schema: statementImportQuerySchema }) query: StatementImportQuery,
    @Req() request: FastifyRequest,
  ): Promise<StatementReport> {
    const actor = requireActor(request, 'settlement.make');
    if (!Buffer.isBuffer(request.body) || request.body.length === 0)
      throw new ProblemError(400, 'import.no_file', 'send the file as the body of the request');
    const { fileName, source = null, confirm, skipRefused } = query;
    const input = { fileName, source, bytes: request.body };
    try {
      if (confirm === undefined) return await refused(() => this.statements.preview(input, actor));
      const report = await refused(() => this.statements.import({ ...input, confirm, skipRefused }, actor));
      // What came after the money is proposed at once; were this to fail, the look of the day finds it.
      const late = report.changes.filter(({ kind }) => kind === 'late').map(({ stationCode }) => stationCode);
      if (report.applied && late.length > 0) await refused(() => this.adjustments.scanStations(late, actor));
      return report;
    } catch (error) {
      if (error instanceof RegistryError) throw new ProblemError(422, error.code, error.message);
      throw error;
    }
  }

  @Get('statement-imports')
  @ApiOperation({ summary: 'Imports of statements, the newest first; a page at a time' })
  @ApiOkResponse({ standardSchema: statementImportListSchema })
  imports(
    @Query({ schema: statementImportPageSchema }) page: StatementImportPage,
  ): Promise<StatementImportList> {
    return this.statements.imports(page);
  }

  @Get('statement-imports/:id/refusals')
  @ApiOperation({ summary: 'Rows that an import left out, with the reason of each' })
  @ApiOkResponse({ standardSchema: statementRefusalsSchema })
  refusals(@Param('id', { schema: idSchema }) id: number): Promise<StatementRefusals> {
    return this.statements.refusals(id);
  }

  @Get('statement-mappings')
  @ApiOperation({ summary: 'Headings that are known, and those of each source of statements' })
  @ApiOkResponse({ standardSchema: statementMappingListSchema })
  mappings(): Promise<StatementMappingList> {
    return this.statements.mappings();
  }

  @Put('statement-mappings/:source')
  @ApiOperation({ summary: 'Keeps the headings of a source; a change is a new version' })
  @ApiOkResponse({ standardSchema: statementMappingViewSchema })
  keepMapping(
    @Param('source', { schema: sourceSchema }) source: string,
    @Body({ schema: statementMappingEntrySchema }) body: StatementMappingEntry,
    @Req() request: FastifyRequest,
  ): Promise<StatementMappingView> {
    return this.statements.keepMapping(source, body.columns, requireActor(request, 'settlement.make'));
  }
}
