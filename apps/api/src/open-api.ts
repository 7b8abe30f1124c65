import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** OpenAPI from the zod schemas of the routes: pages at /api/docs, the document at /api/docs-json. */
export function setUpOpenApi(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Sunledger 阳光账本')
    .setDescription(
      'Energy in Wh, power in W, money as whole fen in strings, instants in UTC, days and months in Asia/Shanghai. ' +
        'null is unknown, 0 is measured. Errors are application/problem+json with a `code`.',
    )
    .setVersion('1')
    .build();
  SwaggerModule.setup('api/docs', app, () => SwaggerModule.createDocument(app, config));
}
