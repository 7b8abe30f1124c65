import { Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  bankImportListSchema,
  bankImportPageSchema,
  bankImportQuerySchema,
  bankImportReportSchema,
  type BankImportList,
  type BankImportPage,
  type BankImportQuery,
  type BankImportReport,
} from '#contracts';
import { ProblemError } from '#platform';
import { RegistryError } from '#registry';
import { BankImportService } from '#settlement';
import { countyFor, requireActor } from './actor.ts';
import { IMPORT_MEDIA_TYPES } from './registry.controller.ts';

/** Account statements of banks: previewed, confirmed, stored. */
@ApiTags('settlement')
@Controller('v1/settlement/bank-imports')
export class SettlementBankImportsController {
  constructor(@Inject(BankImportService) private readonly imports: BankImportService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Reads a file of the bank: a preview without `confirm`, stored with the hash of the preview in it',
  })
  @ApiConsumes(...IMPORT_MEDIA_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: bankImportReportSchema })
  async import(
    @Query({ schema: bankImportQuerySchema }) query: BankImportQuery,
    @Req() request: FastifyRequest,
  ): Promise<BankImportReport> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, query.county);
    if (!Buffer.isBuffer(request.body) || request.body.length === 0)
      throw new ProblemError(400, 'import.no_file', 'send the file as the body of the request');
    const { confirm, skipRefused, ...of } = query;
    const input = { ...of, bytes: request.body };
    try {
      return await (confirm === undefined
        ? this.imports.preview(input)
        : this.imports.import({ ...input, confirm, skipRefused }, actor));
    } catch (error) {
      if (error instanceof RegistryError) throw new ProblemError(422, error.code, error.message);
      throw error;
    }
  }

  @Get()
  @ApiOperation({ summary: 'Imports of a county with the rows that each left out, the newest first' })
  @ApiOkResponse({ standardSchema: bankImportListSchema })
  list(
    @Query({ schema: bankImportPageSchema }) query: BankImportPage,
    @Req() request: FastifyRequest,
  ): Promise<BankImportList> {
    return this.imports.list({ ...query, county: countyFor(request, query.county) ?? query.county });
  }
}
