import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { villageLineageSchema, type VillageLineageView } from '#contracts';
import { LineageService } from '#settlement';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);
const codeSchema = z.string().max(40);

/** Where an amount comes from. */
@ApiTags('lineage')
@Controller('v1/lineage')
export class LineageController {
  constructor(@Inject(LineageService) private readonly lineage: LineageService) {}

  @Get('allocation-runs/:id/villages/:village')
  @ApiOperation({
    summary: 'Opens the amount of a village down to station-days, and makes it again to the fen',
  })
  @ApiOkResponse({ standardSchema: villageLineageSchema })
  village(
    @Param('id', { schema: idSchema }) id: number,
    @Param('village', { schema: codeSchema }) village: string,
  ): Promise<VillageLineageView> {
    return this.lineage.village(id, village);
  }
}
