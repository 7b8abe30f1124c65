import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebPages } from './web-pages.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sunledger-web-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const build = (text: string, builtAt: Date) => {
  const file = join(folder, 'index.html');
  writeFileSync(file, text);
  utimesSync(file, builtAt, builtAt);
};

async function pageAt(pages: WebPages, url: string) {
  const server = Fastify();
  server.setNotFoundHandler((request, reply) => {
    if (!pages.serve(request, reply)) void reply.status(404).send('none');
  });
  const { statusCode, body, headers } = await server.inject({ method: 'GET', url });
  await server.close();
  return { statusCode, body, caching: headers['cache-control'] };
}

describe('the page of the web app', () => {
  it('is the newest build, and asked for each time', async () => {
    const pages = new WebPages(folder);
    build('<p>first', new Date('2026-11-25T08:00:00Z'));
    expect(await pageAt(pages, '/stations')).toEqual({
      statusCode: 200,
      body: '<p>first',
      caching: 'no-cache',
    });
    build('<p>second', new Date('2026-11-25T09:00:00Z'));
    expect((await pageAt(pages, '/stations')).body).toBe('<p>second');
  });

  it('stays while a build has taken it away', async () => {
    const pages = new WebPages(folder);
    build('<p>first', new Date('2026-11-25T08:00:00Z'));
    await pageAt(pages, '/');
    rmSync(join(folder, 'index.html'));
    expect((await pageAt(pages, '/')).body).toBe('<p>first');
    build('', new Date('2026-11-25T09:00:00Z'));
    expect((await pageAt(pages, '/')).body).toBe('<p>first');
  });

  it.each(['/api/v1/nothing', '/assets/old-hash.js', '/api', '/assets'])(
    'is not sent for %s',
    async (url) => {
      build('<p>first', new Date('2026-11-25T08:00:00Z'));
      expect((await pageAt(new WebPages(folder), url)).statusCode).toBe(404);
    },
  );
});
