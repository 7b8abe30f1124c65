import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  agencyReconciliationSchema,
  reconciliationQuerySchema,
  settlementTotalsQuerySchema,
  settlementTotalsSchema,
  transferBatchSchema,
  transferConfirmationSchema,
  transferConfirmedSchema,
  transferFailureSchema,
  transferListSchema,
  transferProposalSchema,
  transferQuerySchema,
  transferRetrySchema,
  villageTransferSchema,
  type AgencyReconciliation,
  type ReconciliationQuery,
  type SettlementTotals,
  type SettlementTotalsQuery,
  type TransferBatchView,
  type TransferConfirmation,
  type TransferConfirmed,
  type TransferFailure,
  type TransferList,
  type TransferProposal,
  type TransferQuery,
  type TransferRetry,
  type VillageTransferView,
} from '#contracts';
import { ReconciliationService, TransferService } from '#settlement';
import { areaOf, countyFor, requireActor } from './actor.ts';
import { refused } from './refusals.ts';

const idSchema = z.string().regex(/^[1-9]\d{0,17}$/);

/** Money from the agency to the accounts of villages. */
@ApiTags('settlement')
@Controller('v1/settlement')
export class SettlementTransfersController {
  constructor(
    @Inject(TransferService) private readonly transfers: TransferService,
    @Inject(ReconciliationService) private readonly reconciliation: ReconciliationService,
  ) {}

  @Get('transfers')
  @ApiOperation({ summary: 'Transfers to villages with their clocks, what waits for the bank first' })
  @ApiOkResponse({ standardSchema: transferListSchema })
  list(
    @Query({ schema: transferQuerySchema }) query: TransferQuery,
    @Req() request: FastifyRequest,
  ): Promise<TransferList> {
    return refused(() => this.transfers.list({ ...query, ...areaOf(request, query) }));
  }

  @Post('transfers')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Prepares one transfer a village over what was given out; a preview without `confirm`',
  })
  @ApiOkResponse({ standardSchema: transferBatchSchema })
  prepare(
    @Body({ schema: transferProposalSchema }) body: TransferProposal,
    @Req() request: FastifyRequest,
  ): Promise<TransferBatchView> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, body.county);
    return refused(() => this.transfers.prepare(body, actor));
  }

  @Post('transfers/confirm')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Confirms transfers with the references of the bank, by another person, and books them',
  })
  @ApiOkResponse({ standardSchema: transferConfirmedSchema })
  async confirm(
    @Body({ schema: transferConfirmationSchema }) body: TransferConfirmation,
    @Req() request: FastifyRequest,
  ): Promise<TransferConfirmed> {
    const actor = requireActor(request, 'settlement.check');
    const ids = body.items.map(({ id }) => id);
    countyFor(request, await this.transfers.countyOf(ids));
    return refused(() => this.transfers.confirm(body, actor));
  }

  @Post('transfers/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Another attempt of transfers that failed, each linked to the one before' })
  @ApiOkResponse({ standardSchema: transferBatchSchema })
  async retry(
    @Body({ schema: transferRetrySchema }) body: TransferRetry,
    @Req() request: FastifyRequest,
  ): Promise<TransferBatchView> {
    const actor = requireActor(request, 'settlement.make');
    countyFor(request, await this.transfers.countyOf(body.ids));
    return refused(() => this.transfers.retry(body, actor));
  }

  @Post('transfers/:id/fail')
  @HttpCode(200)
  @ApiOperation({ summary: 'Says that a transfer did not arrive, or that the bank gave it back' })
  @ApiOkResponse({ standardSchema: villageTransferSchema })
  async fail(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: transferFailureSchema }) body: TransferFailure,
    @Req() request: FastifyRequest,
  ): Promise<VillageTransferView> {
    const actor = requireActor(request, 'settlement.check');
    countyFor(request, await this.transfers.countyOf([id]));
    return refused(() => this.transfers.fail(id, body, actor));
  }

  @Get('transfers/reconciliation')
  @ApiOperation({
    summary: 'The account of the agency beside the lines of the bank, and what explains the difference',
  })
  @ApiOkResponse({ standardSchema: agencyReconciliationSchema })
  reconcile(
    @Query({ schema: reconciliationQuerySchema }) query: ReconciliationQuery,
    @Req() request: FastifyRequest,
  ): Promise<AgencyReconciliation> {
    const county = countyFor(request, query.county) ?? query.county;
    return this.reconciliation.reconcile({ ...query, county });
  }

  @Get('totals')
  @ApiOperation({ summary: 'Settled, received, given out and transferred by county; never one headline' })
  @ApiOkResponse({ standardSchema: settlementTotalsSchema })
  totals(
    @Query({ schema: settlementTotalsQuerySchema }) query: SettlementTotalsQuery,
    @Req() request: FastifyRequest,
  ): Promise<SettlementTotals> {
    return this.reconciliation.totals(countyFor(request, query.county));
  }
}
