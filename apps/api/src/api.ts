import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyCompress from '@fastify/compress';
import fastifyHelmet from '@fastify/helmet';
import { Database, isTransient } from '#persistence';
import { NestLogger, ProblemFilter, schemaPipe, type Environment, type Logger } from '#platform';
import { readAreas, writeAreas } from '#registry';
import { apiModule } from './api.module.ts';
import { setUpOpenApi } from './open-api.ts';
import { IMPORT_MEDIA_TYPES } from './registry.controller.ts';
import { WebPages } from './web-pages.ts';

/** The largest file an import may bring. */
const BODY_BYTES_MAX = 20 * 1024 * 1024;

/**
 * Everything comes from this server and nothing may frame it. Styles may stand in elements: charts and the pages of
 * OpenAPI set them. Plain HTTP on one's own machine is the default, so nothing is upgraded here; a proxy in front adds
 * HSTS.
 */
const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      styleSrc: ["'self'", "'unsafe-inline'"],
      objectSrc: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
} as const;

/** REST, live events and the web app on one port; not listening yet. */
export async function createApi(parts: {
  environment: Environment;
  logger: Logger;
  url: string;
}): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    apiModule(parts),
    // Open event streams must not keep a stopping program alive.
    new FastifyAdapter({
      forceCloseConnections: true,
      bodyLimit: BODY_BYTES_MAX,
      // Whose word is taken for the address of who asks, and for https.
      trustProxy: parts.environment.PV_TRUSTED_PROXIES?.split(',') ?? false,
    }),
    { logger: new NestLogger(parts.logger) },
  );
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser(IMPORT_MEDIA_TYPES, { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
  const pages = new WebPages();
  app.setGlobalPrefix('api');
  app.useGlobalPipes(schemaPipe());
  app.useGlobalFilters(new ProblemFilter(parts.logger, pages.serve, isTransient));
  await app.register(fastifyHelmet, SECURITY_HEADERS);
  await app.register(fastifyCompress, { global: true });
  await pages.register(app);
  setUpOpenApi(app);
  // Counties and townships are real, whoever owns the stations; imports need them.
  await writeAreas(app.get(Database), readAreas());
  return app;
}
