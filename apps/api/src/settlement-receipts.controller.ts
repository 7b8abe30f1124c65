import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  bankLineDetailSchema,
  bankLineEntriesSchema,
  bankLineListQuerySchema,
  bankLineListSchema,
  bankLineSchema,
  bankLinesEnteredSchema,
  receiptMatchEntrySchema,
  receiptMatchReportSchema,
  settlementReasonSchema,
  type BankLineDetail,
  type BankLineEntries,
  type BankLineList,
  type BankLineListQuery,
  type BankLinesEntered,
  type BankLineView,
  type ReceiptMatchEntry,
  type ReceiptMatchReport,
  type SettlementReason,
} from '#contracts';
import { ReceiptService } from '#settlement';
import { countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const idSchema = z.string().regex(/^[1-9]\d{0,17}$/);

/** Lines of the bank, and what they pay. */
@ApiTags('settlement')
@Controller('v1/settlement/bank-lines')
export class SettlementReceiptsController {
  constructor(@Inject(ReceiptService) private readonly receipts: ReceiptService) {}

  @Get()
  @ApiOperation({ summary: 'Lines of the bank of a county, the newest first; a page at a time' })
  @ApiOkResponse({ standardSchema: bankLineListSchema })
  list(
    @Query({ schema: bankLineListQuerySchema }) query: BankLineListQuery,
    @Req() request: FastifyRequest,
  ): Promise<BankLineList> {
    countyFor(request, query.county);
    return this.receipts.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'A line of the bank with what it pays' })
  @ApiOkResponse({ standardSchema: bankLineDetailSchema })
  async line(
    @Param('id', { schema: idSchema }) id: string,
    @Req() request: FastifyRequest,
  ): Promise<BankLineDetail> {
    const detail = await this.receipts.line(BigInt(id));
    countyFor(request, detail.line.county);
    return detail;
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Keeps lines of the bank, all or none; a known one is left' })
  @ApiOkResponse({ standardSchema: bankLinesEnteredSchema })
  async enter(
    @Body({ schema: bankLineEntriesSchema }) body: BankLineEntries,
    @Req() request: FastifyRequest,
  ): Promise<BankLinesEntered> {
    const actor = requireActor(request, 'settlement.make');
    for (const { county } of body.lines) countyFor(request, county);
    return { items: await this.receipts.enter(body.lines, actor) };
  }

  @Post(':id/match')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Matches a line with what is open, the oldest first; a preview without `confirm`',
  })
  @ApiOkResponse({ standardSchema: receiptMatchReportSchema })
  async match(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: receiptMatchEntrySchema }) body: ReceiptMatchEntry,
    @Req() request: FastifyRequest,
  ): Promise<ReceiptMatchReport> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, (await this.receipts.line(BigInt(id))).line.county);
    return refused(() => this.receipts.match(BigInt(id), body, actor));
  }

  @Post(':id/unmatch')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes the matches of a line back, with their entries' })
  @ApiOkResponse({ standardSchema: bankLineSchema })
  async unmatch(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: settlementReasonSchema }) body: SettlementReason,
    @Req() request: FastifyRequest,
  ): Promise<BankLineView> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, (await this.receipts.line(BigInt(id))).line.county);
    return refused(() => this.receipts.unmatch(BigInt(id), body.reason, actor));
  }
}
