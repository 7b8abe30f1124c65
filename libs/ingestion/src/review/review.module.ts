import { Module } from '@nestjs/common';
import { Database } from '#persistence';
import { MessageReplayer } from '../message-replayer.ts';
import { MESSAGE_REPLAY } from './message-replay.ts';
import { ProfileService } from './profile.service.ts';
import { QuarantineService } from './quarantine.service.ts';
import { ReceiptService } from './receipt.service.ts';

/** What people see of ingestion, and may do with it; belongs into the api, beside no broker. */
@Module({
  providers: [
    ReceiptService,
    QuarantineService,
    ProfileService,
    {
      provide: MESSAGE_REPLAY,
      inject: [Database],
      useFactory: (database: Database) => new MessageReplayer(database),
    },
  ],
  exports: [ReceiptService, QuarantineService, ProfileService],
})
export class IngestReviewModule {}
