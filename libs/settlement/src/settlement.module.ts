import { Module } from '@nestjs/common';
import { StatementService } from './statements/statement.service.ts';

/** Settlement for the programs above it. Needs `Database` and `Clock` from the program. */
@Module({ providers: [StatementService], exports: [StatementService] })
export class SettlementModule {}
