import { Module } from '@nestjs/common';
import { IngestService } from './ingest.service.ts';

@Module({ providers: [IngestService], exports: [IngestService] })
export class IngestionModule {}
