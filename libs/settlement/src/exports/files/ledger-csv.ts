import { createHash } from 'node:crypto';
import { MEDIA_TYPES, monthOfTask, requireSize, type BuildTask, type BuiltFile } from '../build.ts';
import { ledgerEntryCount, ledgerPageEnd, ledgerRows, type LedgerRow } from '../queries/ledger-rows.ts';
import { BYTE_ORDER_MARK, excelRow, machineRow } from './csv.ts';
import { fileName } from './file-name.ts';
import { shanghaiText, yuanText } from './figures.ts';

/** Entries read at a time: a file of a busy year never stands in memory as rows. */
const PAGE_ENTRIES = 500;

const KINDS: Readonly<Record<string, string>> = {
  opening: '期初',
  settlement: '结算',
  receipt: '到账',
  allocation: '分配',
  transfer: '划转',
  cost: '费用',
  advance: '垫付',
  adjustment: '调整',
  reversal: '冲销',
};
const ACCOUNTS: Readonly<Record<string, string>> = {
  agency: '结转机构',
  station: '电站',
  village: '村',
  cost: '费用',
  receivable: '应收',
  rounding: '尾差',
};

interface Layout {
  head: string;
  row: (row: LedgerRow) => string;
  name: string;
}

/** For people: a spreadsheet opens it by a click, amounts in yuan, words in Chinese. */
const EXCEL: Layout = {
  head:
    BYTE_ORDER_MARK +
    excelRow([
      '凭证号',
      '分录',
      '类别',
      '发生日',
      '会计期间',
      '记账时间',
      '科目',
      '户名',
      '金额（元，正为借）',
      '摘要',
      '单据',
      '记账人',
      '冲销凭证',
    ]),
  row: (row) =>
    excelRow([
      String(row.sequence),
      String(row.line),
      KINDS[row.kind] ?? row.kind,
      row.effectiveDay,
      row.periodMonth,
      shanghaiText(row.bookedAt),
      `${ACCOUNTS[row.accountKind] ?? row.accountKind} ${row.accountCode.slice(row.accountKind.length + 1)}`,
      row.ownerName,
      yuanText(row.amountFen),
      row.description,
      row.documentRef,
      row.bookedBy,
      row.reversesSequence === null ? null : String(row.reversesSequence),
    ]),
  name: '账本凭证',
};

/** For programs: the text as it is stored, fen, instants with their zone, and the hash of the entry. */
const MACHINE: Layout = {
  head: machineRow([
    'sequence',
    'line',
    'kind',
    'effective_day',
    'period_month',
    'booked_at',
    'account_code',
    'account_kind',
    'owner_code',
    'amount_fen',
    'description',
    'document_ref',
    'booked_by',
    'reverses_sequence',
    'entry_hash',
  ]),
  row: (row) =>
    machineRow([
      String(row.sequence),
      String(row.line),
      row.kind,
      row.effectiveDay,
      row.periodMonth,
      row.bookedAt.toISOString(),
      row.accountCode,
      row.accountKind,
      row.ownerCode,
      String(row.amountFen),
      row.description,
      row.documentRef,
      row.bookedBy,
      row.reversesSequence === null ? null : String(row.reversesSequence),
      row.entryHash,
    ]),
  name: 'ledger',
};

/** Entries of a period with their postings. @throws ProblemError 413 `export.too_large` */
export async function ledgerCsv(task: BuildTask): Promise<BuiltFile> {
  const month = monthOfTask(task);
  const layout = task.kind === 'ledger_csv_machine' ? MACHINE : EXCEL;
  const entries = await ledgerEntryCount(task.database, month);
  const chunks = [layout.head];
  const hash = createHash('sha256');
  let byteCount = 0;
  let rowCount = 0;
  let done = 0;
  for (let after = 0n; ;) {
    const upTo = await ledgerPageEnd(task.database, { month, after, limitEntries: PAGE_ENTRIES });
    if (upTo === null) break;
    const page = await ledgerRows(task.database, { month, countyCode: task.countyCode, after, upTo });
    const text = page.map(layout.row).join('');
    // The figures have one hash in both layouts.
    hash.update(page.map(MACHINE.row).join(''));
    chunks.push(text);
    byteCount += Buffer.byteLength(text);
    rowCount += page.length;
    requireSize(byteCount);
    after = upTo;
    done += PAGE_ENTRIES;
    await task.progress(Math.min(95, Math.floor((95 * done) / Math.max(entries, 1))));
  }
  return {
    fileName: fileName([task.countyCode ?? '全市', month, layout.name], 'csv'),
    mediaType: MEDIA_TYPES.csv,
    bytes: Buffer.from(chunks.join('')),
    rowCount,
    contentHash: hash.digest('hex'),
  };
}
