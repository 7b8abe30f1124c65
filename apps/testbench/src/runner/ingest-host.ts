import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IngestionModule, IngestPipeline, type PipelineMessage } from '#ingestion';
import { PersistenceModule } from '#persistence';
import { Clock, createLogger, ENVIRONMENT, LOGGER, NestLogger, readEnvironment } from '#platform';
import { commandSchema, keyOf, MARKER, type IngestCommand, type IngestReport } from './ingest-protocol.ts';
import { SetClock } from './set-clock.ts';

/**
 * The process that holds ingest in a scenario: the program's own module, on a clock that the runner sets. A tap on
 * the pipeline tells the runner what has come and what is written, so that nobody has to guess by waiting.
 */

const clock = new SetClock(0);
let app: INestApplicationContext | undefined;

/** Answers the commands of the runner until it is gone. */
export function hostIngest(): void {
  tapPipeline();
  let queue = Promise.resolve();
  process.on('message', (message) => {
    const command = commandSchema.parse(message);
    // The clock must not wait for a start that connects.
    if (command.type === 'clock') obeyClock(command.atMs);
    else queue = queue.then(() => obey(command)).catch(fail);
  });
  process.once('disconnect', () => process.exit(0));
}

function report(line: IngestReport): void {
  process.send?.(line);
}

const fail = (error: unknown) =>
  report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });

function obeyClock(atMs: number): void {
  clock.set(atMs);
  report({ type: 'clock', atMs });
}

async function obey(command: Exclude<IngestCommand, { type: 'clock' }>): Promise<void> {
  if (command.type === 'start') {
    clock.set(command.atMs);
    app = await startApp(command);
    report({ type: 'started' });
    return;
  }
  await app?.close();
  app = undefined;
  report({ type: 'stopped' });
}

async function startApp(
  command: Extract<IngestCommand, { type: 'start' }>,
): Promise<INestApplicationContext> {
  const environment = readEnvironment({
    NODE_ENV: 'test',
    DATABASE_URL: command.databaseUrl,
    MQTT_URL: command.brokerUrl,
    PV_INGEST_ID: command.ingestId,
    PV_RESEND_AFTER_S: String(command.resendAfterS),
    PV_LOG_LEVEL: 'warn',
  });
  const logger = createLogger('ingest', environment);

  @Module({})
  class ScenarioPlatform {}

  const parts = [
    { provide: ENVIRONMENT, useValue: environment },
    { provide: LOGGER, useValue: logger },
    { provide: Clock, useValue: clock },
  ];

  @Module({
    imports: [
      { module: ScenarioPlatform, global: true, providers: parts, exports: [ENVIRONMENT, LOGGER, Clock] },
      // As the ingest program has it.
      PersistenceModule.forRoot({
        url: command.databaseUrl,
        applicationName: command.ingestId,
        poolMax: 3,
      }),
      IngestionModule,
    ],
  })
  class ScenarioIngest {}

  return NestFactory.createApplicationContext(ScenarioIngest, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
}

type Receive = (this: IngestPipeline, message: PipelineMessage) => Promise<void> | undefined;

function tapPipeline(): void {
  const pipeline = IngestPipeline.prototype;
  const receive: Receive = Reflect.get(pipeline, 'receive');
  pipeline.receive = function tapped(this: IngestPipeline, message: PipelineMessage) {
    const { topic, payload, retained } = message;
    if (payload.subarray(0, MARKER.length).toString() === MARKER) {
      report({ type: 'marker', text: payload.toString(), topic });
      message.acknowledge();
      return undefined;
    }
    const key = keyOf(topic, payload);
    report({ type: 'received', key, retained });
    return receive.call(this, {
      ...message,
      acknowledge: () => {
        message.acknowledge();
        report({ type: 'acknowledged', key, retained });
      },
    });
  };
}
