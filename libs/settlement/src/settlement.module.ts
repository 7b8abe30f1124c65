import { Module } from '@nestjs/common';
import { MatchingService } from './matching/matching.service.ts';
import { StatementService } from './statements/statement.service.ts';

/** Settlement for the programs above it. Needs `Database` and `Clock` from the program. */
@Module({ providers: [MatchingService, StatementService], exports: [MatchingService, StatementService] })
export class SettlementModule {}
