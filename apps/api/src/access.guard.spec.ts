import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger, ProblemFilter, readEnvironment, schemaPipe } from '#platform';
import { ACCESS_RULES } from './access-rules.ts';
import { apiModule } from './api.module.ts';

/**
 * Real: Nest, Fastify, every controller, the guard. There is no database: a request without a cookie is refused before
 * anything asks for one.
 */
const logger = createLogger('api', { PV_LOG_LEVEL: 'error' });
const apps: NestFastifyApplication[] = [];

async function start(settings: Record<string, string>): Promise<NestFastifyApplication> {
  const environment = readEnvironment({ NODE_ENV: 'test', ...settings });
  const module = apiModule({ environment, logger, url: 'postgresql://nobody@127.0.0.1:1/none' });
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    logger: false,
  });
  app.setGlobalPrefix('api');
  app.useGlobalPipes(schemaPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  apps.push(app);
  return app;
}

let closed: NestFastifyApplication;
let open: NestFastifyApplication;
beforeAll(async () => {
  closed = await start({});
  open = await start({ PV_ACCESS: 'open' });
});
afterAll(async () => {
  for (const app of apps) await app.close();
});

/** Status and code of the answer to a request that could not be emptier. */
async function ask(app: NestFastifyApplication, route: string, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = route.split(' ');
  const answer = await app.inject({
    method: method as 'GET',
    url: `/api/${path.replaceAll(/:\w+/g, '1')}`,
    remoteAddress: '10.0.0.5',
    headers: { host: 'pv.example', ...headers },
    ...(method === 'GET' ? {} : { payload: {} }),
  });
  return `${answer.statusCode} ${answer.json<{ code: string }>().code}`;
}

const routes = Object.entries(ACCESS_RULES);
const guarded = routes.filter(([, rule]) => rule !== 'public').map(([route]) => route);
const permitted = routes.filter(([, rule]) => rule.includes('.')).map(([route]) => route);

describe('without a login', () => {
  it.each(guarded)('a closed server refuses %s', async (route) => {
    expect(await ask(closed, route)).toBe('401 access.login_needed');
  });

  it.each(permitted)('an open one takes %s at the machine itself only', async (route) => {
    expect(await ask(open, route)).toBe('403 request.only_local');
  });

  it('takes a cookie that cannot be a token for none, without asking the database', async () => {
    const cookie = `sunledger_session=${'x'.repeat(4000)}`;
    expect(await ask(closed, 'GET v1/areas', { cookie })).toBe('401 access.login_needed');
  });

  it('looks at the page that sends before it looks at the password', async () => {
    const origin = 'https://evil.example';
    expect(await ask(closed, 'POST v1/session', { origin })).toBe('403 request.foreign_page');
    expect(await ask(closed, 'POST v1/session')).toBe('400 request.invalid');
  });

  it('is refused before it is told what is wrong with its body', async () => {
    expect(await ask(closed, 'PUT v1/profiles/:id')).toBe('401 access.login_needed');
  });
});
