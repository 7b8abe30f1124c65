import { Inject, Injectable } from '@nestjs/common';
import type { AgencyReconciliation, SettlementTotals } from '#contracts';
import { dayOf, reconcileAgency } from '#domain';
import { LedgerService } from '#ledger';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { linesUpTo, otherEntriesUpTo, sentUpTo, totalsOfCounties } from './reconciliation.repository.ts';

/** Ledger against bank, and the totals of the way of one yuan (requirements 25, 26). */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LedgerService) private readonly ledger: LedgerService,
  ) {}

  /** The agency's account in the ledger beside the lines of the bank on a day, with what explains the difference. */
  async reconcile(query: { county: string; day?: string | undefined }): Promise<AgencyReconciliation> {
    const day = query.day ?? dayOf(this.clock.nowMs());
    const at = { countyCode: query.county, day };
    const [[balance], lines, transfers, others] = await Promise.all([
      this.ledger.balances({ codes: [`agency:${query.county}`], effectiveDay: day }),
      linesUpTo(this.database, at),
      sentUpTo(this.database, at),
      otherEntriesUpTo(this.database, at),
    ]);
    const ledgerFen = balance?.balanceFen ?? 0n;
    const bankFen = lines.reduce((sum, { amountFen }) => sum + amountFen, 0n);
    const result = reconcileAgency({ ledgerFen, bankFen, lines, transfers, others });
    return {
      county: query.county,
      day,
      ledgerFen: String(ledgerFen),
      bankFen: String(bankFen),
      differenceFen: String(result.differenceFen),
      explained: result.explained.map((each) => ({ ...each, amountFen: String(each.amountFen) })),
      unexplainedFen: String(result.unexplainedFen),
      isReconciled: result.unexplainedFen === 0n,
    };
  }

  /** Settled, received, given out and transferred, by county and cumulative; never one headline. */
  async totals(county: string | undefined): Promise<SettlementTotals> {
    const counties = await totalsOfCounties(this.database, county);
    return {
      asOf: this.clock.now().toISOString(),
      counties: counties.map((each) => ({
        county: each.county,
        openingFen: String(each.openingFen),
        settledFen: String(each.settledFen),
        receivedFen: String(each.receivedFen),
        givenOutFen: String(each.givenOutFen),
        transferredFen: String(each.transferredFen),
        paidFen: null,
      })),
    };
  }
}
