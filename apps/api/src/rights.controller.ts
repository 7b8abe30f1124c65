import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  importReportSchema,
  shareVersionEntrySchema,
  stationRightsSchema,
  tariffEntrySchema,
  villageMergedSchema,
  villageMergerSchema,
  type ImportReport,
  type ShareVersionEntry,
  type StationRightsView,
  type TariffEntry,
  type VillageMerged,
  type VillageMergerEntry,
} from '#contracts';
import { Database } from '#persistence';
import { ProblemError } from '#platform';
import { countyOfVillage, enterRegistryRows, mergeVillage, RegistryError, stationRights } from '#registry';
import { countyFor, requireActor } from './actor.ts';

const codeSchema = z.string().max(40);

/** Who owns a station and who is paid by it, by date, and at what price. */
@ApiTags('registry')
@Controller('v1')
export class RightsController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get('stations/:code/rights')
  @ApiOperation({
    summary: 'Asset and revenue shares and prices of a station, every version, as exact fractions',
  })
  @ApiOkResponse({ standardSchema: stationRightsSchema })
  async rights(
    @Param('code', { schema: codeSchema }) code: string,
    @Req() request: FastifyRequest,
  ): Promise<StationRightsView> {
    const rights = await stationRights(this.database, code);
    if (!rights) throw unknownPlace('没有这个电站 (no such station)');
    countyFor(request, rights.countyCode);
    return rights;
  }

  @Post('stations/:code/shares')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Enters shares that hold from a day on, all of a station at once; they sum to one',
  })
  @ApiOkResponse({ standardSchema: importReportSchema })
  async shares(
    @Param('code', { schema: codeSchema }) code: string,
    @Body({ schema: shareVersionEntrySchema }) body: ShareVersionEntry,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    await this.requireStation(request, code);
    const rows = body.shares.map(({ village, share }) => ({
      stationCode: code,
      villageCode: village,
      right: body.right,
      share,
      basis: body.basis,
      effectiveFrom: body.effectiveFrom,
    }));
    return enterRegistryRows(this.database, { kind: 'shares', rows, dryRun: !body.apply });
  }

  @Post('stations/:code/tariffs')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enters a price component that holds from a day on' })
  @ApiOkResponse({ standardSchema: importReportSchema })
  async tariffs(
    @Param('code', { schema: codeSchema }) code: string,
    @Body({ schema: tariffEntrySchema }) body: TariffEntry,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    await this.requireStation(request, code);
    const row = {
      stationCode: code,
      component: body.component,
      priceHaoPerKwh: body.priceYuanPerKwh,
      effectiveFrom: body.effectiveFrom,
    };
    return enterRegistryRows(this.database, { kind: 'tariffs', rows: [row], dryRun: !body.apply });
  }

  @Post('villages/:code/merge')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Merges a village into another one from a day on; history stays with the old code',
  })
  @ApiOkResponse({ standardSchema: villageMergedSchema })
  async merge(
    @Param('code', { schema: codeSchema }) code: string,
    @Body({ schema: villageMergerSchema }) body: VillageMergerEntry,
    @Req() request: FastifyRequest,
  ): Promise<VillageMerged> {
    requireActor(request, 'registry.write');
    const county = await countyOfVillage(this.database, code);
    if (county === null) throw unknownPlace('没有这个村 (no such village)');
    countyFor(request, county);
    const merger = { villageCode: code, successorCode: body.successor, mergedOn: body.mergedOn };
    try {
      await mergeVillage(this.database, merger);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      throw new ProblemError(error.code === 'registry.unknown_place' ? 404 : 409, error.code, error.message);
    }
    return merger;
  }

  private async requireStation(request: FastifyRequest, code: string): Promise<void> {
    requireActor(request, 'registry.write');
    const rights = await stationRights(this.database, code);
    if (!rights) throw unknownPlace('没有这个电站 (no such station)');
    countyFor(request, rights.countyCode);
  }
}

const unknownPlace = (message: string) => new ProblemError(404, 'registry.unknown_place', message);
