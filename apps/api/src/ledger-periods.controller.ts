import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  ledgerPeriodEntrySchema,
  ledgerPeriodSchema,
  monthSchema,
  type LedgerPeriod,
  type LedgerPeriodEntry,
} from '#contracts';
import { LedgerService } from '#ledger';
import { requireActor } from './actor.ts';
import { refused } from './refusals.ts';

/** Periods of the ledger: nothing is booked in a month that is not open. */
@ApiTags('ledger')
@Controller('v1/ledger/periods')
export class LedgerPeriodsController {
  constructor(@Inject(LedgerService) private readonly ledger: LedgerService) {}

  @Get(':month')
  @ApiOperation({ summary: 'State of a month' })
  @ApiOkResponse({ standardSchema: ledgerPeriodSchema })
  async state(@Param('month', { schema: monthSchema }) month: string): Promise<LedgerPeriod> {
    return { month, state: await this.ledger.periodState(month) };
  }

  @Post(':month')
  @HttpCode(200)
  @ApiOperation({ summary: 'Opens a month, puts it on hold, or closes it for ever' })
  @ApiOkResponse({ standardSchema: ledgerPeriodSchema })
  async change(
    @Param('month', { schema: monthSchema }) month: string,
    @Body({ schema: ledgerPeriodEntrySchema }) body: LedgerPeriodEntry,
    @Req() request: FastifyRequest,
  ): Promise<LedgerPeriod> {
    const actor = requireActor(request, 'settlement.check');
    await refused(async () => {
      const before = await this.ledger.periodState(month);
      await (before === null && body.state === 'open'
        ? this.ledger.openPeriod(month, actor)
        : this.ledger.setPeriodState({ month, to: body.state, reason: body.reason }, actor));
    });
    return { month, state: await this.ledger.periodState(month) };
  }
}
