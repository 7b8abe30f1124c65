import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import readXlsxFile, { readSheet } from 'read-excel-file/node';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ExportKind, ExportRequest } from '#contracts';
import { Database, sql } from '#persistence';
import { Clock } from '#platform';
import { ExportService, ExportWorker } from '#settlement';
import { CHECKER, confirmedPolicy, MAKER, paidWorld } from './paid-world.ts';

const world = await paidWorld('2025-07-05T10:00:00+08:00');
const { database, clock, county, url } = world;
const exports = new ExportService(database, clock);
const worker = new ExportWorker(database, clock);
const CITY = { area: null };
const WAIT = { timeout: 10_000, interval: 50 };

/** A name as somebody would choose it who wants a spreadsheet to run something. */
const HOSTILE = `=cmd|'/C calc'!A0,"<b>\u202E\u0007联村</b>`;

await world.ledger.openPeriod('2025-07', MAKER);
await world.policies.enter(confirmedPolicy(county), CHECKER);
await database.query(sql`update station set name = ${HOSTILE} where code = ${world.station.code}`);
const stated = await world.state({ ...world.accountOf(0), month: '2025-06', invoiceNo: '=1+1' });
const other = await world.state({ ...world.accountOf(1), month: '2025-06', invoiceNo: '25140001' });
const paidFen = stated.base + other.base;
await world.match(await world.pay('B1', paidFen, '2025-07-03'), 'base');
const runId = await world.giveOut();

async function ask(kind: ExportKind, request: Partial<ExportRequest> = {}) {
  return exports.ask({ kind, actionKey: randomUUID(), ...request }, CITY, MAKER);
}

/** Asks for a file, lets the worker make it, and takes it. */
async function made(kind: ExportKind, request: Partial<ExportRequest> = {}) {
  const { id } = await ask(kind, request);
  while ((await worker.runNext()) !== null);
  const job = await exports.job(id, CITY);
  expect(job.failure).toBeNull();
  const file = await exports.file(id, CITY, MAKER);
  expect(job).toMatchObject({ state: 'done', progressPercent: 100, byteCount: file.bytes.length });
  expect(job.sha256).toBe(createHash('sha256').update(file.bytes).digest('hex'));
  return { ...file, job };
}

const yuanOf = (fen: bigint) => Number(fen) / 100;

describe('settlement of a month as a workbook', () => {
  it('has a sheet a county with real numbers, and totals that are the sum', async () => {
    const { bytes, fileName } = await made('settlement_xlsx', { month: '2025-06' });
    expect(fileName).toBe('吕梁市_2025-06_结算明细.xlsx');
    const sheets = await readXlsxFile(bytes);
    const [overview, own] = sheets;
    expect(sheets).toHaveLength(2);
    expect(overview?.sheet).toBe('汇总');
    const rows = own?.data ?? [];
    const start = rows.findIndex((row) => row[0] === '电站编码');
    const content = rows.slice(start + 1, start + 5);
    expect(content.map((row) => row[7])).toEqual(
      [stated.base, stated.subsidy, other.base, other.subsidy].map(yuanOf),
    );
    expect(content.map((row) => row[5])).toEqual([32_100, 32_100, 32_100, 32_100]);
    const total = rows[start + 5] ?? [];
    const sumFen = stated.base + stated.subsidy + paidFen - stated.base + other.subsidy;
    expect([total[0], total[7], total[8], total[9]]).toEqual([
      '合计',
      yuanOf(sumFen),
      yuanOf(paidFen),
      yuanOf(sumFen - paidFen),
    ]);
  });

  it('keeps names and numbers of others as text that nothing runs', async () => {
    const { bytes } = await made('settlement_xlsx', { county, month: '2025-06' });
    const sheet = await readSheet(bytes, 2);
    const row = sheet.find((each) => each[0] === world.station.code);
    expect(row?.[1]).toBe(`=cmd|'/C calc'!A0,"<b>联村</b>`);
    expect(row?.[10]).toBe('=1+1');
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-export-'));
    await writeFile(join(folder, 'a.xlsx'), bytes);
    const { stdout } = await promisify(execFile)('unzip', [
      '-p',
      join(folder, 'a.xlsx'),
      'xl/worksheets/sheet2.xml',
    ]);
    await rm(folder, { recursive: true });
    // The only formulas are the sums of the sheet itself.
    expect([...stdout.matchAll(/<f>(.*?)<\/f>/g)].map(([, formula]) => formula)).toEqual([
      'SUM(H5:H8)',
      'SUM(I5:I8)',
      'SUM(J5:J8)',
    ]);
  });
});

describe('entries of the ledger as csv', () => {
  it('gives a spreadsheet yuan and words, and nothing that it would run', async () => {
    const { bytes } = await made('ledger_csv_excel', { month: '2025-07' });
    const text = bytes.toString('utf8');
    expect(text.startsWith('\uFEFF')).toBe(true);
    expect(text).toContain('\r\n');
    const rows = parse<Record<string, string>>(text, { bom: true, columns: true });
    const amounts = rows.map((row) => row['金额（元，正为借）'] ?? '');
    expect(amounts.every((amount) => /^-?\d+\.\d{2}$/.test(amount))).toBe(true);
    // Double entry: to the fen nothing is left.
    expect(amounts.reduce((sum, amount) => sum + BigInt(amount.replace('.', '')), 0n)).toBe(0n);
    for (const cell of rows.flatMap((row) => Object.values(row)))
      expect(/^[=+@\t]/.test(cell) || (cell.startsWith('-') && !/^-\d/.test(cell)), cell).toBe(false);
    expect(rows.some((row) => row['户名']?.startsWith("'=cmd|"))).toBe(true);
  });

  it('gives a program what is stored, in fen, with the same figures', async () => {
    const machine = await made('ledger_csv_machine', { month: '2025-07' });
    const excel = await made('ledger_csv_excel', { month: '2025-07' });
    expect(machine.job.contentHash).toBe(excel.job.contentHash);
    const rows = parse<Record<string, string>>(machine.bytes, { columns: true });
    const [stored] = await database.query<{ postings: number; amount: bigint }>(sql`
      select count(*)::int as postings, sum(abs(amount_fen))::bigint as amount from ledger_posting`);
    expect(rows).toHaveLength(stored?.postings ?? -1);
    const sum = rows.reduce((total, { amount_fen: fen = '' }) => total + BigInt(fen.replace('-', '')), 0n);
    expect(sum).toBe(stored?.amount);
  });
});

describe('a run as files', () => {
  it('sums to the run in both', async () => {
    const xlsx = await made('run_xlsx', { runId });
    const rows = await readSheet(xlsx.bytes, 1);
    expect(rows.find((row) => row[0] === '合计')?.[3]).toBe(yuanOf(paidFen));
    const csv = await made('run_csv', { runId });
    expect(csv.job.contentHash).toBe(xlsx.job.contentHash);
    const lines = parse(csv.bytes, { bom: true });
    expect(lines.at(-1)).toEqual(['合计', '', '', '', '', '', '', (Number(paidFen) / 100).toFixed(2)]);
  });
});

async function pdfText(bytes: Buffer): Promise<{ text: string; fonts: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-export-'));
  const path = join(folder, 'report.pdf');
  await writeFile(path, bytes);
  const run = promisify(execFile);
  await run('pdftotext', ['-layout', path, `${path}.txt`]);
  const text = await readFile(`${path}.txt`, 'utf8');
  const { stdout: fonts } = await run('pdffonts', [path]);
  await rm(folder, { recursive: true });
  return { text, fonts };
}

describe('reports for signature', () => {
  it('say what they tell of, by which definition, with their hash, in an embedded font', async () => {
    const { bytes, job, fileName } = await made('month_pdf', { month: '2025-06' });
    expect(fileName).toBe('吕梁市_2025-06_结算月报.pdf');
    const { text, fonts } = await pdfText(bytes);
    for (const words of [
      '吕梁市村级光伏帮扶电站结算月报（2025年6月）',
      '数据截至 2025-07-05',
      '制表',
      '复核',
      '审批',
      '第 1 页，共 1 页',
      job.contentHash ?? 'no hash',
    ])
      expect(text).toContain(words);
    // The sums of the two stations, grouped as print has them.
    const settledFen = stated.base + stated.subsidy + other.base + other.subsidy;
    expect(text).toContain((Number(settledFen) / 100).toLocaleString('en-US', { minimumFractionDigits: 2 }));
    const embedded = fonts.split('\n').filter((line) => line.includes('NotoSans'));
    expect(embedded).toHaveLength(2);
    for (const line of embedded) expect(line).toMatch(/yes\s+yes\s+yes/);
    expect(bytes.length).toBeLessThan(400_000);
  });

  it('are of a quarter, too, and the same figures have the same hash', async () => {
    const first = await made('quarter_pdf', { month: '2025-04' });
    const again = await made('quarter_pdf', { month: '2025-04' });
    expect(first.fileName).toBe('吕梁市_2025年第2季度_结算季报.pdf');
    expect(again.job.contentHash).toBe(first.job.contentHash);
  });
});

describe('the report that is due by the 10th', () => {
  it('is prepared by whichever worker, once, and handed in by a person', async () => {
    const workers = [worker, new ExportWorker(database, clock), new ExportWorker(database, clock)];
    await Promise.all(workers.map((each) => each.keep()));
    while ((await worker.runNext()) !== null);
    await Promise.all(workers.map((each) => each.keep()));
    const { items } = await exports.due(CITY);
    expect(items.map(({ month, dueOn, state }) => [month, dueOn, state])).toEqual([
      ['2025-06', '2025-07-10', 'prepared'],
      ['2025-05', '2025-06-10', 'overdue'],
      ['2025-04', '2025-05-10', 'overdue'],
    ]);
    const [jobs] = await database.query<{ jobs: number }>(sql`
      select count(*)::int as jobs from export_job where kind = 'generation_xlsx'`);
    expect(jobs?.jobs).toBe(3);
    const june = items[0]?.job;
    const { bytes } = await exports.file(june?.id ?? 0, CITY, null);
    const rows = await readSheet(bytes, 1);
    const own = rows.find((row) => row[2] === world.station.code);
    expect([own?.[8], own?.[10], own?.[13]]).toEqual([32_100, yuanOf(stated.base), yuanOf(stated.subsidy)]);
    // Nobody measured: unknown is empty, not zero.
    expect(own?.[7]).toBeNull();
    const handedIn = await exports.handIn('2025-06', '回执 7', CITY, CHECKER);
    expect(handedIn).toMatchObject({ state: 'handed_in', handedInBy: CHECKER.name, receiptRef: '回执 7' });
    expect(await exports.handIn('2025-06', '另一回执', CITY, MAKER)).toEqual(handedIn);
    await expect(exports.handIn('2025-06', null, { area: [county] }, MAKER)).rejects.toMatchObject({
      code: 'report.city_only',
    });
  });
});

describe('the queue', () => {
  it('is one file for one key, and refuses what cannot be made', async () => {
    const actionKey = randomUUID();
    const request = { kind: 'month_pdf', month: '2025-06', actionKey } as const;
    const asked = await Promise.all([1, 2, 3].map(() => exports.ask(request, CITY, MAKER)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    await expect(ask('month_pdf', { month: '2025-08' })).rejects.toMatchObject({
      code: 'export.future_month',
    });
    await expect(ask('run_csv', { runId: 999 })).rejects.toMatchObject({ code: 'allocation.unknown' });
    while ((await worker.runNext()) !== null);
  });

  it('gives every job to one worker, however many ask', async () => {
    const ids = new Set<number>();
    for (let n = 0; n < 6; n += 1) ids.add((await ask('ledger_csv_machine', { month: '2025-07' })).id);
    const workers = Array.from({ length: 4 }, () => new ExportWorker(database, clock));
    const taken = await Promise.all(workers.map((each) => drain(each)));
    expect(taken.flat().sort((a, b) => a - b)).toEqual([...ids].sort((a, b) => a - b));
  });

  it('is of the area of who looks', async () => {
    const mine = await made('settlement_xlsx', { county, month: '2025-06' });
    const city = await made('settlement_xlsx', { month: '2025-06' });
    const own = { area: [county] };
    const stranger = { area: [world.fleet.stranger.code.slice(0, 6)] };
    expect((await exports.job(mine.job.id, own)).id).toBe(mine.job.id);
    await expect(exports.job(city.job.id, own)).rejects.toMatchObject({ code: 'export.unknown' });
    await expect(exports.file(mine.job.id, stranger, null)).rejects.toMatchObject({ code: 'export.unknown' });
    await expect(
      exports.ask({ kind: 'run_csv', runId, actionKey: randomUUID() }, stranger, MAKER),
    ).rejects.toMatchObject({ code: 'allocation.unknown' });
    const listed = await exports.list({ page: 1, pageSize: 100 }, own);
    expect(new Set(listed.items.map((job) => job.county))).toEqual(new Set([county]));
  });

  it('ends what nobody wants any more', async () => {
    const { id } = await ask('month_pdf', { month: '2025-06' });
    expect((await exports.cancel(id, CITY)).state).toBe('cancelled');
    expect(await worker.runNext()).toBeNull();
    await expect(exports.file(id, CITY, null)).rejects.toMatchObject({ code: 'export.not_ready' });
  });

  it('notes who took a file, and keeps it for a month', async () => {
    const { job } = await made('month_pdf', { month: '2025-06' });
    expect(job.keptUntil).toBe('2025-08-04');
    const [download] = await database.query<{ name: string }>(sql`
      select account_name as name from export_download where job_id = ${job.id}`);
    expect(download?.name).toBe(MAKER.name);
    const later = new Clock({ startAt: new Date('2025-08-04T10:00:00+08:00'), speed: 1 });
    await new ExportWorker(database, later).keep();
    await expect(exports.file(job.id, CITY, null)).rejects.toMatchObject({ code: 'export.expired' });
    // What was handed in is kept.
    const { items } = await exports.due(CITY);
    const handedIn = items.find(({ state }) => state === 'handed_in');
    expect(handedIn?.job?.hasFile).toBe(true);
  });
});

async function drain(each: ExportWorker): Promise<number[]> {
  const taken: number[] = [];
  for (let job = await each.runNext(); job !== null; job = await each.runNext()) taken.push(job);
  return taken;
}

describe('a worker that dies in the middle of a file', () => {
  const LEASE_MS = 400;
  const NAME = 'export-victim';
  const stateOf = async (id: number) => (await exports.job(id, CITY)).state;

  /** Whoever reads statements waits from here on, until it is opened. */
  async function closeGate(): Promise<() => Promise<void>> {
    const { promise, resolve: open } = Promise.withResolvers<void>();
    const { promise: closed, resolve: isClosed } = Promise.withResolvers<void>();
    const holding = database.transaction(async (transaction) => {
      await transaction.query(sql`lock table grid_statement in access exclusive mode`);
      isClosed();
      await promise;
    });
    await closed;
    return () => {
      open();
      return holding;
    };
  }

  /** A worker over connections of its own, whose connections are all cut while it reads. */
  async function dieInTheMiddle(id: number): Promise<void> {
    const openGate = await closeGate();
    const victims = Database.connect({ url, applicationName: NAME, poolMax: 3 });
    const reading = () =>
      database.query(sql`
        select pid from pg_stat_activity where application_name = ${NAME} and wait_event_type = 'Lock'`);
    try {
      const dying = new ExportWorker(victims, clock).runNext({ leaseMs: LEASE_MS }).catch(() => 'dead');
      await expect.poll(() => stateOf(id), WAIT).toBe('running');
      await expect.poll(async () => (await reading()).length, WAIT).toBe(1);
      // With its pool closed it gives no sign of life any more, as a killed process.
      const ended = victims.close();
      await database.query(sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${NAME}`);
      expect(await dying).toBe('dead');
      await ended;
    } finally {
      await openGate();
    }
  }

  beforeEach(async () => {
    await drain(worker);
  });

  it('leaves its job to another one, whose file is whole', async () => {
    const { id } = await ask('settlement_xlsx', { month: '2025-06' });
    await dieInTheMiddle(id);
    expect(await stateOf(id)).toBe('running');
    // Not before the lease is over: the first one might only be slow.
    await expect.poll(() => worker.runNext(), WAIT).toBe(id);
    const job = await exports.job(id, CITY);
    expect(job.state).toBe('done');
    const again = await made('settlement_xlsx', { month: '2025-06' });
    expect(again.job.contentHash).toBe(job.contentHash);
  });

  it('is not tried for ever', async () => {
    const { id } = await ask('settlement_xlsx', { month: '2025-06' });
    await database.query(sql`
      update export_job
      set state = 'running', attempt = 3, lease_until = clock_timestamp() - interval '1 second'
      where id = ${id}`);
    expect(await worker.runNext()).toBeNull();
    expect(await exports.job(id, CITY)).toMatchObject({
      state: 'failed',
      failure: { code: 'export.worker_lost' },
    });
  });

  it('cannot end a job that another one has by now', async () => {
    const { id } = await ask('settlement_xlsx', { month: '2025-06' });
    const openGate = await closeGate();
    const attemptOf = async () => {
      const [job] = await database.query<{ attempt: number }>(sql`
        select attempt::int as attempt from export_job where id = ${id}`);
      return job?.attempt;
    };
    try {
      const slow = worker.runNext();
      await expect.poll(attemptOf, WAIT).toBe(1);
      await database.query(sql`
        update export_job set lease_until = clock_timestamp() - interval '1 second' where id = ${id}`);
      const second = new ExportWorker(database, clock).runNext();
      await expect.poll(attemptOf, WAIT).toBe(2);
      await openGate();
      await Promise.all([slow, second]);
    } finally {
      await openGate();
    }
    const [files] = await database.query<{ files: number }>(sql`
      select count(*)::int as files from export_file where job_id = ${id}`);
    expect(files?.files).toBe(1);
    expect(await stateOf(id)).toBe('done');
  });
});
