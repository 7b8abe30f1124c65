import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  profileDetailSchema,
  profileListSchema,
  profileSourcesSchema,
  quarantineListSchema,
  quarantineMessageSchema,
  quarantineQuerySchema,
  receiptListSchema,
  receiptQuerySchema,
  replayPortionRequestSchema,
  replayPortionSchema,
  replayResultSchema,
  saveProfileSchema,
  saveSourcesSchema,
  switchProfileSchema,
  trialRequestSchema,
  trialResultSchema,
  type ProfileDetail,
  type ProfileList,
  type ProfileSources,
  type QuarantineList,
  type QuarantineMessageView,
  type QuarantineQuery,
  type ReceiptList,
  type ReceiptQuery,
  type ReplayPortion,
  type ReplayPortionRequest,
  type ReplayResult,
  type SaveSources,
  type TrialResult,
} from '#contracts';
import { ProfileService, QuarantineService, ReceiptService } from '#ingestion';
import { requireActor, signerOf } from './actor.ts';

/** A bigint of the database. */
const idSchema = z.string().regex(/^\d{1,18}$/);
const profileIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/);

@ApiTags('ingest')
@Controller('v1')
export class IngestController {
  constructor(
    @Inject(ReceiptService) private readonly receipts: ReceiptService,
    @Inject(QuarantineService) private readonly quarantine: QuarantineService,
    @Inject(ProfileService) private readonly profiles: ProfileService,
  ) {}

  @Get('ingest/receipts')
  @ApiOperation({
    summary: 'What was sent, what came and what is missing: days of a station, or a day of all',
  })
  @ApiOkResponse({ standardSchema: receiptListSchema })
  receiptList(@Query({ schema: receiptQuerySchema }) query: ReceiptQuery): Promise<ReceiptList> {
    return this.receipts.list(query);
  }

  @Get('quarantine')
  @ApiOperation({ summary: 'Messages that were kept aside, with the reason' })
  @ApiOkResponse({ standardSchema: quarantineListSchema })
  quarantineList(@Query({ schema: quarantineQuerySchema }) query: QuarantineQuery): Promise<QuarantineList> {
    return this.quarantine.list(query);
  }

  @Post('quarantine/replay')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Sends one portion of a filter through the pipeline again; ask again with `nextAfter`',
  })
  @ApiOkResponse({ standardSchema: replayPortionSchema })
  replayPortion(
    @Body({ schema: replayPortionRequestSchema }) body: ReplayPortionRequest,
    @Req() request: FastifyRequest,
  ): Promise<ReplayPortion> {
    requireActor(request, 'ingest.review');
    return this.quarantine.replayPortion(body);
  }

  @Get('quarantine/:id')
  @ApiOperation({ summary: 'One message with its payload as text and digits' })
  @ApiOkResponse({ standardSchema: quarantineMessageSchema })
  message(@Param('id', { schema: idSchema }) id: string): Promise<QuarantineMessageView> {
    return this.quarantine.message(BigInt(id));
  }

  @Get('quarantine/:id/payload')
  @ApiOperation({ summary: 'The bytes as they came' })
  @ApiProduces('application/octet-stream')
  async payload(
    @Param('id', { schema: idSchema }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const payload = await this.quarantine.payload(BigInt(id));
    // Bytes of strangers: a browser must neither show nor guess them.
    reply
      .type('application/octet-stream')
      .header('x-content-type-options', 'nosniff')
      .header('content-disposition', `attachment; filename="quarantine-${id}.bin"`);
    return payload;
  }

  @Post('quarantine/:id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sends one message through the pipeline again' })
  @ApiOkResponse({ standardSchema: replayResultSchema })
  replay(
    @Param('id', { schema: idSchema }) id: string,
    @Req() request: FastifyRequest,
  ): Promise<ReplayResult> {
    requireActor(request, 'ingest.review');
    return this.quarantine.replay(BigInt(id));
  }

  @Get('profiles')
  @ApiOperation({ summary: 'Profiles of vendors’ messages: built-in ones and one’s own' })
  @ApiOkResponse({ standardSchema: profileListSchema })
  profileList(): Promise<ProfileList> {
    return this.profiles.list();
  }

  @Post('profiles/try')
  @HttpCode(200)
  @ApiOperation({ summary: 'What a profile makes of messages; nothing is stored' })
  @ApiOkResponse({ standardSchema: trialResultSchema })
  try(@Body({ schema: trialRequestSchema }) body: z.output<typeof trialRequestSchema>): Promise<TrialResult> {
    return this.profiles.try(body);
  }

  @Get('profiles/:id')
  @ApiOperation({ summary: 'One profile with its JSON' })
  @ApiOkResponse({ standardSchema: profileDetailSchema })
  profile(@Param('id', { schema: profileIdSchema }) id: string): Promise<ProfileDetail> {
    return this.profiles.detail(id);
  }

  @Put('profiles/:id')
  @ApiOperation({ summary: 'Keeps an own profile, or a changed copy of a built-in one' })
  @ApiOkResponse({ standardSchema: profileDetailSchema })
  saveProfile(
    @Param('id', { schema: profileIdSchema }) id: string,
    @Body({ schema: saveProfileSchema }) body: z.infer<typeof saveProfileSchema>,
    @Req() request: FastifyRequest,
  ): Promise<ProfileDetail> {
    const actor = requireActor(request, 'ingest.review');
    return this.profiles.save(id, body.content, signerOf(actor, body.changedBy));
  }

  @Post('profiles/:id/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ingest subscribes to the topics of the profile' })
  @ApiOkResponse({ standardSchema: profileDetailSchema })
  enable(
    @Param('id', { schema: profileIdSchema }) id: string,
    @Body({ schema: switchProfileSchema }) body: z.infer<typeof switchProfileSchema>,
    @Req() request: FastifyRequest,
  ): Promise<ProfileDetail> {
    const actor = requireActor(request, 'ingest.review');
    return this.profiles.switch(id, { enabled: true, changedBy: signerOf(actor, body.changedBy) });
  }

  @Post('profiles/:id/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ingest reads the topics of the profile no more' })
  @ApiOkResponse({ standardSchema: profileDetailSchema })
  disable(
    @Param('id', { schema: profileIdSchema }) id: string,
    @Body({ schema: switchProfileSchema }) body: z.infer<typeof switchProfileSchema>,
    @Req() request: FastifyRequest,
  ): Promise<ProfileDetail> {
    const actor = requireActor(request, 'ingest.review');
    return this.profiles.switch(id, { enabled: false, changedBy: signerOf(actor, body.changedBy) });
  }

  @Get('profiles/:id/sources')
  @ApiOperation({ summary: 'Which device a vendor’s name means, and names that were seen without one' })
  @ApiOkResponse({ standardSchema: profileSourcesSchema })
  sources(@Param('id', { schema: profileIdSchema }) id: string): Promise<ProfileSources> {
    return this.profiles.sources(id);
  }

  @Put('profiles/:id/sources')
  @ApiOperation({ summary: 'Replaces the whole mapping of a profile, or changes nothing' })
  @ApiOkResponse({ standardSchema: profileSourcesSchema })
  saveSources(
    @Param('id', { schema: profileIdSchema }) id: string,
    @Body({ schema: saveSourcesSchema }) body: SaveSources,
    @Req() request: FastifyRequest,
  ): Promise<ProfileSources> {
    const actor = requireActor(request, 'ingest.review');
    return this.profiles.saveSources(id, { ...body, changedBy: signerOf(actor, body.changedBy) });
  }
}
