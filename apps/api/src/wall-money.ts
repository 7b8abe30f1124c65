import { Inject, Injectable } from '@nestjs/common';
import type { SettlementTotals, Wall } from '#contracts';
import { ReconciliationService } from '#settlement';

/** The way of a yuan moves by the day; a screen that hangs on a wall need not count all statements for each look. */
const KEPT_MS = 60_000;

/** The four totals of the money for the big screen, counted once for all screens. */
@Injectable()
export class WallMoney {
  private kept: { totals: SettlementTotals; atMs: number } | null = null;

  constructor(@Inject(ReconciliationService) private readonly reconciliation: ReconciliationService) {}

  /** Cumulative totals of the city or a county, fen; null where nothing was settled here yet. */
  async of(countyCode: string | null): Promise<Wall['money']> {
    const { asOf, counties } = await this.totals();
    const rows = counties.filter(({ county }) => countyCode === null || county === countyCode);
    const sum = (figure: 'settledFen' | 'receivedFen' | 'givenOutFen' | 'transferredFen') =>
      rows.reduce((total, row) => total + BigInt(row[figure]), 0n);
    if (sum('settledFen') === 0n) return null;
    return {
      asOf,
      settledFen: String(sum('settledFen')),
      receivedFen: String(sum('receivedFen')),
      givenOutFen: String(sum('givenOutFen')),
      transferredFen: String(sum('transferredFen')),
    };
  }

  private async totals(): Promise<SettlementTotals> {
    const atMs = performance.now();
    if (this.kept !== null && atMs - this.kept.atMs < KEPT_MS) return this.kept.totals;
    const totals = await this.reconciliation.totals(undefined);
    this.kept = { totals, atMs };
    return totals;
  }
}
