import { Module } from '@nestjs/common';
import { LedgerModule } from '#ledger';
import { RegistryRepository } from '#registry';
import { AdjustmentService } from './adjustments/adjustment.service.ts';
import { AllocationService } from './allocation/allocation.service.ts';
import { LineageService } from './allocation/lineage.service.ts';
import { ReverseLineageService } from './allocation/reverse-lineage.service.ts';
import { BoardService } from './board/board.service.ts';
import { DashboardService } from './board/dashboard.service.ts';
import { CheckService } from './checks/check.service.ts';
import { ExportService } from './exports/export.service.ts';
import { ExportWorker } from './exports/export.worker.ts';
import { MatchingService } from './matching/matching.service.ts';
import { StationMonthService } from './matching/station-month.service.ts';
import { SettlementPolicyService } from './policy/policy.service.ts';
import { WhatIfService } from './policy/what-if.service.ts';
import { BankImportService } from './receipts/bank-import.service.ts';
import { ReceiptService } from './receipts/receipt.service.ts';
import { StatementListService } from './statements/statement-list.service.ts';
import { StatementService } from './statements/statement.service.ts';
import { ReconciliationService } from './transfers/reconciliation.service.ts';
import { TransferService } from './transfers/transfer.service.ts';

/** Settlement for the programs above it. Needs `Database` and `Clock` from the program. */
@Module({
  imports: [LedgerModule],
  providers: [
    AdjustmentService,
    AllocationService,
    BankImportService,
    BoardService,
    DashboardService,
    CheckService,
    ExportService,
    ExportWorker,
    LineageService,
    MatchingService,
    ReceiptService,
    ReconciliationService,
    ReverseLineageService,
    SettlementPolicyService,
    StatementListService,
    StatementService,
    StationMonthService,
    TransferService,
    WhatIfService,
    RegistryRepository,
  ],
  exports: [
    AdjustmentService,
    AllocationService,
    BankImportService,
    BoardService,
    DashboardService,
    CheckService,
    ExportService,
    ExportWorker,
    LineageService,
    MatchingService,
    ReceiptService,
    ReconciliationService,
    ReverseLineageService,
    SettlementPolicyService,
    StatementListService,
    StatementService,
    StationMonthService,
    TransferService,
    WhatIfService,
  ],
})
export class SettlementModule {}
