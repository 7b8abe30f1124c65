import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountService, type AccountKeeper } from '#access';
import {
  checkDetailSchema,
  checkListSchema,
  checkRunSchema,
  dueReportListSchema,
  dueReportSchema,
  exportJobSchema,
  exportListSchema,
  problemSchema,
} from '#contracts';
import type { Role } from '#domain';
import { Clock, createLogger, readEnvironment } from '#platform';
import { ExportWorker } from '#settlement';
import { createTestDatabase } from '#test-support';
import { createApi } from '../../apps/api/src/api.ts';
import { writeSmallFleet } from './small-fleet.ts';

/** Real: PostgreSQL, the api with its guard and accounts, the worker's own service. */
const { database, url } = await createTestDatabase();
const fleet = await writeSmallFleet(database);
const NOW = '2025-07-05T10:00:00+08:00';
const worker = new ExportWorker(database, new Clock({ startAt: new Date(NOW), speed: 1 }));
const county = fleet.neighbours[0].code.slice(0, 6);
const elsewhere = fleet.stranger.code.slice(0, 6);
const keeper: AccountKeeper = { accountId: 'test', name: 'test', address: null };
const PASSWORD = 'sun over the mountain';
let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  const environment = readEnvironment({ NODE_ENV: 'test', PV_CLOCK_START: NOW });
  app = await createApi({ environment, logger: createLogger('api', { PV_LOG_LEVEL: 'error' }), url });
  await app.listen({ port: 0, host: '127.0.0.1' });
  base = `http://localhost:${new URL(await app.getUrl()).port}`;
});
afterAll(() => app.close());

type Send = (path: string, body?: unknown) => Promise<Response>;

/** Somebody who is logged in with an account of his own. */
async function person(role: Role, countyCodes: string[] | null = null): Promise<Send> {
  const accounts = new AccountService(database, new Clock());
  const name = `${role}-${randomUUID().slice(0, 8)}`;
  const { password } = await accounts.create({ name, displayName: name, role, countyCodes }, keeper);
  let cookie = '';
  const send: Send = async (path, body) => {
    const response = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    return response;
  };
  await send('/api/v1/session', { name, password });
  await send('/api/v1/session/password', { current: password, next: PASSWORD });
  return send;
}

async function refusal(response: Response): Promise<string> {
  return `${response.status} ${problemSchema.parse(await response.json()).code}`;
}
const monthPdf = (place: object) => ({
  kind: 'month_pdf',
  month: '2025-06',
  actionKey: randomUUID(),
  ...place,
});

describe('exports by route', () => {
  it('are asked for, made, and taken with their own name', async () => {
    const clerk = await person('clerk');
    const asked = exportJobSchema.parse(await (await clerk('/api/v1/exports', monthPdf({ county }))).json());
    expect(asked).toMatchObject({ state: 'queued', county, hasFile: false });
    expect(await refusal(await clerk(`/api/v1/exports/${asked.id}/file`))).toBe('409 export.not_ready');
    expect(await worker.runNext()).toBe(asked.id);
    const response = await clerk(`/api/v1/exports/${asked.id}/file`);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('content-disposition')).toContain(encodeURIComponent('结算月报.pdf'));
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    const { items } = exportListSchema.parse(await (await clerk('/api/v1/exports')).json());
    expect(items).toMatchObject([{ id: asked.id, state: 'done', hasFile: true }]);
  });

  it('are of the counties of who asks', async () => {
    const own = await person('auditor', [county]);
    const stranger = await person('clerk', [elsewhere]);
    // An account of one county asks for it without naming it.
    const asked = exportJobSchema.parse(await (await own('/api/v1/exports', monthPdf({}))).json());
    expect(asked.county).toBe(county);
    expect(await refusal(await stranger(`/api/v1/exports/${asked.id}`))).toBe('404 export.unknown');
    expect(await refusal(await stranger(`/api/v1/exports/${asked.id}/cancel`, {}))).toBe(
      '404 export.unknown',
    );
    expect(await refusal(await stranger('/api/v1/exports', monthPdf({ county })))).toBe(
      '403 access.outside_area',
    );
    expect((await own(`/api/v1/exports/${asked.id}/cancel`, {})).status).toBe(200);
    const listed = exportListSchema.parse(await (await stranger('/api/v1/exports')).json());
    expect(listed.items).toEqual([]);
  });

  it('are refused without a login, without the right, and where they make no sense', async () => {
    expect((await fetch(`${base}/api/v1/exports`)).status).toBe(401);
    const keeperOfAccounts = await person('administrator');
    expect(await refusal(await keeperOfAccounts('/api/v1/exports', monthPdf({})))).toBe(
      '403 access.not_allowed',
    );
    const clerk = await person('clerk');
    const bad = { kind: 'quarter_pdf', month: '2025-05', actionKey: randomUUID() };
    expect((await clerk('/api/v1/exports', bad)).status).toBe(400);
    const both = { ...monthPdf({}), runId: 1 };
    expect((await clerk('/api/v1/exports', both)).status).toBe(400);
  });
});

describe('the report by the 10th by route', () => {
  it('is listed, and handed in by an account of the city', async () => {
    await worker.keep();
    while ((await worker.runNext()) !== null);
    const clerk = await person('clerk');
    const { items } = dueReportListSchema.parse(await (await clerk('/api/v1/reports/due')).json());
    expect(items[0]).toMatchObject({ month: '2025-06', state: 'prepared', daysLeft: 5 });
    const own = await person('clerk', [county]);
    expect(await refusal(await own('/api/v1/reports/due/2025-06/hand-in', {}))).toBe('403 report.city_only');
    const handedIn = await clerk('/api/v1/reports/due/2025-06/hand-in', { receiptRef: '晋能源 7' });
    expect(dueReportSchema.parse(await handedIn.json())).toMatchObject({ state: 'handed_in' });
  });
});

describe('checks by route', () => {
  it('run on demand, show their evidence, and are closed by a checker with a note', async () => {
    const checker = await person('checker');
    const run = checkRunSchema.parse(await (await checker('/api/v1/checks/run', {})).json());
    // Four stations that never gave a sign of life.
    expect(run).toMatchObject({ opened: 4, present: 4 });
    const list = checkListSchema.parse(await (await checker('/api/v1/checks?code=A1')).json());
    expect(list.total).toBe(4);
    expect(list.codes).toEqual([{ code: 'A1', open: 4, overdue: 0 }]);
    const id = list.items.find((item) => item.county === county)?.id ?? '';
    const close = { note: '尚在检修，镇里已核实', actionKey: randomUUID() };
    const clerk = await person('clerk');
    expect(await refusal(await clerk(`/api/v1/checks/${id}/close`, close))).toBe('403 access.not_allowed');
    const closed = checkDetailSchema.parse(await (await checker(`/api/v1/checks/${id}/close`, close)).json());
    expect(closed).toMatchObject({ state: 'closed', closedHow: 'note' });
    const stranger = await person('checker', [elsewhere]);
    expect(await refusal(await stranger(`/api/v1/checks/${id}`))).toBe('404 check.unknown');
    const others = checkListSchema.parse(await (await stranger('/api/v1/checks?state=all')).json());
    expect(others.items.map((item) => item.county)).toEqual([elsewhere]);
    expect((await checker('/api/v1/checks/0')).status).toBe(400);
  });
});
