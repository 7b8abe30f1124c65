import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { projectRoot } from '#platform';

/** Names of built files hold a hash of their content, so they may be kept for ever. */
const ASSET_MAX_AGE_MS = 365 * 86_400_000;

/**
 * The built web app: its files, and its one page for every path that is not the API's. Unknown paths of the API stay
 * errors; HTML in their place would hide mistakes.
 */
export class WebPages {
  private page = '<!doctype html><title>Sunledger</title><p>The web app is not built: npm run build';

  async register(app: NestFastifyApplication): Promise<void> {
    const root = join(projectRoot(), 'dist/web');
    if (!existsSync(join(root, 'index.html'))) return;
    this.page = await readFile(join(root, 'index.html'), 'utf8');
    await app.register(fastifyStatic, {
      root: join(root, 'assets'),
      prefix: '/assets/',
      maxAge: ASSET_MAX_AGE_MS,
      immutable: true,
    });
  }

  /** @returns true where the page was sent. */
  readonly serve = (request: FastifyRequest, reply: FastifyReply): boolean => {
    const isPage = request.method === 'GET' && !/^\/(api|assets)(\/|$|\?)/.test(request.url);
    if (isPage) {
      void reply
        .status(200)
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(this.page);
    }
    return isPage;
  };
}
