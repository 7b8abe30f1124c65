import { Module } from '@nestjs/common';
import { TestbenchService } from './run.service.ts';
import { TestbenchQueue } from './run.queue.ts';

/** Asking for runs. Needs `Database` and `Clock` from the program. */
@Module({ providers: [TestbenchService], exports: [TestbenchService] })
export class TestbenchModule {}

/** Playing them, in the worker. Needs `Database`, `Clock`, `LOGGER` and `ENVIRONMENT` from the program. */
@Module({ providers: [TestbenchQueue], exports: [TestbenchQueue] })
export class TestbenchQueueModule {}
