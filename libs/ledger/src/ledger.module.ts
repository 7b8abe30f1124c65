import { Module } from '@nestjs/common';
import { LedgerService } from './ledger.service.ts';

/** The ledger for the features above it. Needs `Database` and `Clock` from the program. */
@Module({ providers: [LedgerService], exports: [LedgerService] })
export class LedgerModule {}
