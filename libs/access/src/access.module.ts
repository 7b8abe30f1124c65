import { Module } from '@nestjs/common';
import { AccountService } from './account.service.ts';
import { SessionService } from './session.service.ts';

/** Accounts and login sessions. Needs `Database`, `Clock` and the environment from the program. */
@Module({ providers: [AccountService, SessionService], exports: [AccountService, SessionService] })
export class AccessModule {}
