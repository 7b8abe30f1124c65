import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { projectRoot } from '#platform';

/** Names of built files hold a hash of their content, so they may be kept for ever. */
const ASSET_MAX_AGE_MS = 365 * 86_400_000;

/**
 * The built web app: its files, and its one page for every path that is not the API's. Unknown paths of the API stay
 * errors; HTML in their place would hide mistakes. The page names its files by their hashes, so it is read again
 * once it was built anew, and a browser asks for it each time: an old one names files that are gone.
 */
export class WebPages {
  private page = '<!doctype html><title>Sunledger</title><p>The web app is not built: npm run build';
  private modifiedMs = 0;

  constructor(private readonly root = join(projectRoot(), 'dist/web')) {}

  async register(app: NestFastifyApplication): Promise<void> {
    if (!existsSync(join(this.root, 'index.html'))) return;
    await app.register(fastifyStatic, {
      root: join(this.root, 'assets'),
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
        .send(this.newest());
    }
    return isPage;
  };

  /** While a build is under way the page is gone or empty for a moment; the one that is known stays. */
  private newest(): string {
    const file = join(this.root, 'index.html');
    const found = statSync(file, { throwIfNoEntry: false });
    if (found && found.size > 0 && found.mtimeMs !== this.modifiedMs) {
      try {
        this.page = readFileSync(file, 'utf8');
        this.modifiedMs = found.mtimeMs;
      } catch {
        // Gone between the two: the next request reads it.
        return this.page;
      }
    }
    return this.page;
  }
}
