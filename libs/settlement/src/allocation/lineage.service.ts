import { Inject, Injectable } from '@nestjs/common';
import type { LineagePool, VillageLineageView } from '#contracts';
import { allocate, fraction, monthRange } from '#domain';
import { Database } from '#persistence';
import { ProblemError } from '#platform';
import { runById, villagesOfRun } from './allocation.repository.ts';
import {
  costsOfVillage,
  poolDays,
  poolLines,
  poolSources,
  poolSpans,
  type PoolDay,
  type PoolLine,
  type PoolSource,
  type PoolSpan,
} from './lineage.repository.ts';

interface Pool {
  own: PoolLine;
  lines: readonly PoolLine[];
  spans: readonly PoolSpan[];
  sources: readonly PoolSource[];
  days: readonly PoolDay[];
}

/** Opens an amount of a village down to the days of the stations, and makes it again (design.md section 4). */
@Injectable()
export class LineageService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * How the amount of a village in a run comes about: share, receipt, statement, file and row, station-days; each part is
   * split again from what is stored and compared to the fen.
   * @throws ProblemError 404 `allocation.unknown`, `lineage.not_in_run`
   */
  async village(runId: number, villageCode: string): Promise<VillageLineageView> {
    const run = await runById(this.database, runId);
    if (!run) throw new ProblemError(404, 'allocation.unknown', '没有这次分配 (no such run)');
    const villages = await villagesOfRun(this.database, runId);
    const village = villages.find((each) => each.villageCode === villageCode);
    if (!village)
      throw new ProblemError(404, 'lineage.not_in_run', '该村不在这次分配中 (the village is not in the run)');
    const pools = await this.pools(runId, villageCode);
    const views = pools.map(poolView);
    const costs = await costsOfVillage(this.database, { runId, villageCode });
    const sumFen = pools.reduce((sum, { own }) => sum + own.amountFen, 0n);
    const takenFen = costs.reduce((sum, each) => sum + each.takenFen, 0n);
    return {
      runId,
      runHash: run.runHash,
      state: run.state,
      policy: { documentNumber: run.documentNumber, isConfirmed: run.isConfirmed },
      ledgerSequence: run.ledgerSequence === null ? null : String(run.ledgerSequence),
      villageCode,
      villageName: village.villageName,
      amountFen: String(village.amountFen),
      netFen: String(village.netFen),
      costs: costs.map((each) => ({
        ...each,
        dueFen: String(each.dueFen),
        takenFen: String(each.takenFen),
      })),
      pools: views,
      isReproduced:
        views.every(({ isReproduced }) => isReproduced) &&
        sumFen === village.amountFen &&
        village.netFen === village.amountFen - takenFen,
    };
  }

  private async pools(runId: number, villageCode: string): Promise<Pool[]> {
    const lines = await poolLines(this.database, { runId, villageCode });
    const own = lines.filter((line) => line.villageCode === villageCode);
    const stationIds = [...new Set(own.map(({ stationId }) => stationId))];
    const months = own.map(({ month }) => month).sort();
    const [first, last] = [months.at(0), months.at(-1)];
    if (first === undefined || last === undefined) return [];
    const span = { from: monthRange(first).from, to: monthRange(last).to };
    const [spans, sources, days] = await Promise.all([
      poolSpans(this.database, { runId, stationIds }),
      poolSources(this.database, { runId, stationIds }),
      poolDays(this.database, { stationIds, ...span }),
    ]);
    return own.map((line) => ({
      own: line,
      lines: lines.filter((each) => isSamePool(each, line)),
      spans: spans.filter(({ stationId, month }) => stationId === line.stationId && month === line.month),
      sources: sources.filter((each) => isSamePool(each, line)),
      days: days.filter(({ stationId, day }) => stationId === line.stationId && day.startsWith(line.month)),
    }));
  }
}

type PoolKey = Pick<PoolLine, 'stationId' | 'month' | 'component'>;
const isSamePool = (a: PoolKey, b: PoolKey) =>
  a.stationId === b.stationId && a.month === b.month && a.component === b.component;

function poolView({ own, lines, spans, sources, days }: Pool): LineagePool {
  const poolFen = sources.reduce((sum, { amountFen }) => sum + amountFen, 0n);
  const again = allocate(
    poolFen,
    lines.map(({ villageCode, shareNumerator, shareDenominator }) => ({
      villageCode,
      share: fraction(BigInt(shareNumerator), BigInt(shareDenominator)),
    })),
  );
  const part = again.parts.find(({ villageCode }) => villageCode === own.villageCode);
  return {
    stationCode: own.stationCode,
    stationName: own.stationName,
    month: own.month,
    component: own.component,
    poolFen: String(poolFen),
    villages: lines.length,
    share: `${own.shareNumerator}/${own.shareDenominator}`,
    exactFen: `${own.exactNumerator}/${own.exactDenominator}`,
    amountFen: String(own.amountFen),
    spareFen: String(own.spareFen),
    spareRank: own.spareRank,
    recomputedFen: part ? String(part.amountFen) : null,
    isReproduced: part?.amountFen === own.amountFen,
    explanation: again.explanation,
    spans: spans.map(({ fromDay, toDay, energyWh }) => ({
      fromDay,
      toDay,
      energyWh: energyWh === null ? null : String(energyWh),
    })),
    sources: sources.map((source) => ({
      amountFen: String(source.amountFen),
      bankReference: source.bankReference,
      bookedOn: source.bookedOn,
      receiptSequence: String(source.receiptSequence),
      accountNo: source.accountNo,
      version: source.version,
      energyWh: source.energyWh === null ? null : String(source.energyWh),
      priceYuanPerKwh: source.priceYuanPerKwh,
      statedFen: String(source.statedFen),
      fileName: source.fileName,
      contentHash: source.contentHash,
      rowNumber: source.rowNumber,
    })),
    days: days.map(({ day, energyWh, method, quality }) => ({
      day,
      energyWh: String(energyWh),
      method,
      quality,
    })),
  };
}
