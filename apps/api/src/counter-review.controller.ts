import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  confirmSchema,
  counterRecordSchema,
  deviceReviewSchema,
  exchangeEntrySchema,
  moveEntrySchema,
  recordListSchema,
  recordQuerySchema,
  reviewDetailSchema,
  reviewListSchema,
  reviewQuerySchema,
  signedFixSchema,
  signFixSchema,
  signSchema,
  type Confirmation,
  type CounterRecordView,
  type DeviceReview,
  type ExchangeEntry,
  type MoveEntry,
  type RecordList,
  type RecordQuery,
  type ReviewDetail,
  type ReviewList,
  type ReviewQuery,
  type Signature,
  type SignedFix,
  type SignFix,
} from '#contracts';
import { CounterRecordService, CounterReviewService } from '#monitoring';
import { requireActor, signerOf } from './actor.ts';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const codeSchema = z.string().max(40);

/** The anomaly inbox of counters: what a person should look at, what was signed, exchanges and moves. */
@ApiTags('counter review')
@Controller('v1/counter-review')
export class CounterReviewController {
  constructor(
    @Inject(CounterReviewService) private readonly reviews: CounterReviewService,
    @Inject(CounterRecordService) private readonly records: CounterRecordService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What counters did that a person should look at, or has settled; a page at a time',
  })
  @ApiOkResponse({ standardSchema: reviewListSchema })
  list(@Query({ schema: reviewQuerySchema }) query: ReviewQuery): Promise<ReviewList> {
    return this.reviews.list(query);
  }

  @Get('records')
  @ApiOperation({ summary: 'Records of exchange and move: those that wait for the second person, or all' })
  @ApiOkResponse({ standardSchema: recordListSchema })
  recordList(@Query({ schema: recordQuerySchema }) query: RecordQuery): Promise<RecordList> {
    return this.records.list(query);
  }

  @Get('devices/:station/:device')
  @ApiOperation({ summary: 'Every decision and record of a device, those taken back as well' })
  @ApiOkResponse({ standardSchema: deviceReviewSchema })
  device(
    @Param('station', { schema: codeSchema }) station: string,
    @Param('device', { schema: codeSchema }) device: string,
  ): Promise<DeviceReview> {
    return this.records.ofDevice(station, device);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One item: the readings around it, what its day is, what each choice would do' })
  @ApiOkResponse({ standardSchema: reviewDetailSchema })
  detail(@Param('id', { schema: idSchema }) id: number): Promise<ReviewDetail> {
    return this.reviews.detail(id);
  }

  @Post('records/exchange')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Enters that a meter or inverter was exchanged; counts once another person confirms',
  })
  @ApiOkResponse({ standardSchema: counterRecordSchema })
  enterExchange(
    @Body({ schema: exchangeEntrySchema }) body: ExchangeEntry,
    @Req() request: FastifyRequest,
  ): Promise<CounterRecordView> {
    const actor = requireActor(request, 'counter.review');
    return this.records.enterExchange({ ...body, enteredBy: signerOf(actor, body.enteredBy) });
  }

  @Post('records/move')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Enters that a device was moved to another station; counts once another confirms',
  })
  @ApiOkResponse({ standardSchema: counterRecordSchema })
  enterMove(
    @Body({ schema: moveEntrySchema }) body: MoveEntry,
    @Req() request: FastifyRequest,
  ): Promise<CounterRecordView> {
    const actor = requireActor(request, 'counter.review');
    return this.records.enterMove({ ...body, enteredBy: signerOf(actor, body.enteredBy) });
  }

  @Post('records/:id/confirm')
  @HttpCode(200)
  @ApiOperation({ summary: 'The signature of the second person' })
  @ApiOkResponse({ standardSchema: counterRecordSchema })
  confirm(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: confirmSchema }) body: Confirmation,
    @Req() request: FastifyRequest,
  ): Promise<CounterRecordView> {
    const actor = requireActor(request, 'counter.review');
    return this.records.confirm(id, { confirmedBy: signerOf(actor, body.confirmedBy) });
  }

  @Post('records/:id/take-back')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes a record back; it stays, with a stamp' })
  @ApiOkResponse({ standardSchema: counterRecordSchema })
  takeRecordBack(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: signSchema }) body: Signature,
    @Req() request: FastifyRequest,
  ): Promise<CounterRecordView> {
    const actor = requireActor(request, 'counter.review');
    return this.records.takeBack(id, { ...body, signedBy: signerOf(actor, body.signedBy) });
  }

  @Post('fixes/:id/take-back')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes a decision back; its item is open again' })
  @ApiOkResponse({ standardSchema: signedFixSchema })
  takeBack(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: signSchema }) body: Signature,
    @Req() request: FastifyRequest,
  ): Promise<SignedFix> {
    const actor = requireActor(request, 'counter.review');
    return this.reviews.takeBack(id, { ...body, signedBy: signerOf(actor, body.signedBy) });
  }

  @Post(':id/fix')
  @HttpCode(200)
  @ApiOperation({ summary: 'Signs one of the choices; the day is worked out again' })
  @ApiOkResponse({ standardSchema: signedFixSchema })
  fix(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: signFixSchema }) body: SignFix,
    @Req() request: FastifyRequest,
  ): Promise<SignedFix> {
    const actor = requireActor(request, 'counter.review');
    return this.reviews.fix(id, { ...body, signedBy: signerOf(actor, body.signedBy) });
  }

  @Post(':id/dismiss')
  @HttpCode(200)
  @ApiOperation({ summary: 'Signs that what is booked stands' })
  @ApiOkResponse({ standardSchema: signedFixSchema })
  dismiss(
    @Param('id', { schema: idSchema }) id: number,
    @Body({ schema: signSchema }) body: Signature,
    @Req() request: FastifyRequest,
  ): Promise<SignedFix> {
    const actor = requireActor(request, 'counter.review');
    return this.reviews.dismiss(id, { ...body, signedBy: signerOf(actor, body.signedBy) });
  }
}
