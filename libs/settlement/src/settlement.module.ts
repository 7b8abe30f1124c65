import { Module } from '@nestjs/common';
import { LedgerModule } from '#ledger';
import { MatchingService } from './matching/matching.service.ts';
import { ReceiptService } from './receipts/receipt.service.ts';
import { StatementService } from './statements/statement.service.ts';

/** Settlement for the programs above it. Needs `Database` and `Clock` from the program. */
@Module({
  imports: [LedgerModule],
  providers: [MatchingService, ReceiptService, StatementService],
  exports: [MatchingService, ReceiptService, StatementService],
})
export class SettlementModule {}
