import { ProblemError } from '#platform';
import {
  componentName,
  contentHash,
  MEDIA_TYPES,
  requireSize,
  type BuildTask,
  type BuiltFile,
} from '../build.ts';
import { runHead, runLineRows, runVillageRows, type RunHead } from '../queries/run-rows.ts';
import { BYTE_ORDER_MARK, excelRow } from './csv.ts';
import { fileName } from './file-name.ts';
import { shanghaiText, sumFen, yuanText } from './figures.ts';
import { countCell, firstContentRow, sumFormula, textCell, workbook, yuanCell } from './workbook.ts';

const STATES = { proposed: '待复核', approved: '已批准', voided: '已作废' } as const;

async function readRun(task: BuildTask) {
  const runId = task.runId ?? 0;
  const head = await runHead(task.database, runId);
  if (!head) throw new ProblemError(404, 'allocation.unknown', '没有这次分配 (no such run)');
  const villages = await runVillageRows(task.database, runId);
  const lines = await runLineRows(task.database, runId);
  await task.progress(50);
  for (const rows of [villages, lines]) {
    const sum = sumFen(rows.map(({ amountFen }) => amountFen));
    if (sum !== head.totalFen)
      throw new ProblemError(500, 'export.sum_differs', `run ${runId}: ${sum} ≠ ${head.totalFen} fen`);
  }
  return { head, villages, lines, hash: contentHash({ head, villages, lines }) };
}

const nameOf = (head: RunHead, extension: string) =>
  fileName([head.countyName, head.month, `分配${head.id}`, STATES[head.state]], extension);

const notesOf = (head: RunHead, now: Date) => [
  `状态 ${STATES[head.state]}；规则 ${head.documentNumber}；提出 ${head.proposedBy}；批准 ${head.approvedBy ?? '—'}；数据截至 ${shanghaiText(now)}`,
  `分配校验码 ${head.runHash}`,
];

/** A run as a workbook: villages, and the lines that they are made of. @throws ProblemError 404 `allocation.unknown` */
export async function runWorkbook(task: BuildTask): Promise<BuiltFile> {
  const { head, villages, lines, hash } = await readRun(task);
  const notes = notesOf(head, task.now);
  const first = firstContentRow({ notes });
  const bytes = await workbook([
    {
      name: '分村',
      title: `${head.countyName} ${head.month} 分配 ${head.id}：分村`,
      notes,
      columns: [
        { title: '村编码', width: 18 },
        { title: '乡镇', width: 16 },
        { title: '村', width: 20 },
        { title: '分配金额（元）', width: 18 },
        { title: '必要费用（元）', width: 18 },
        { title: '可分配（元）', width: 18 },
        { title: '工资劳务下限（元）', width: 18 },
      ],
      rows: villages.map((row) => [
        textCell(row.villageCode),
        textCell(row.townshipName),
        textCell(row.villageName),
        yuanCell(row.amountFen),
        yuanCell(row.costFen),
        yuanCell(row.netFen),
        yuanCell(row.floorFen),
      ]),
      totals: [
        [
          { value: '合计', type: String, fontWeight: 'bold' },
          null,
          null,
          yuanCell(head.totalFen, true),
          yuanCell(sumFen(villages.map(({ costFen }) => costFen)), true),
          yuanCell(sumFen(villages.map(({ netFen }) => netFen)), true),
          yuanCell(sumFen(villages.map(({ floorFen }) => floorFen)), true),
        ],
        [
          { value: '表内求和', type: String, fontWeight: 'bold' },
          null,
          null,
          sumFormula({ column: 3, firstRow: first, lastRow: first + villages.length - 1 }),
        ],
      ],
    },
    {
      name: '明细',
      title: `${head.countyName} ${head.month} 分配 ${head.id}：电站、月份、构成`,
      notes,
      columns: [
        { title: '电站编码', width: 18 },
        { title: '电站', width: 26 },
        { title: '电量月份', width: 12 },
        { title: '价格构成', width: 14 },
        { title: '村编码', width: 18 },
        { title: '村', width: 20 },
        { title: '份额', width: 16 },
        { title: '金额（元）', width: 18 },
        { title: '其中尾差（分）', width: 14 },
      ],
      rows: lines.map((row) => [
        textCell(row.stationCode),
        textCell(row.stationName),
        textCell(row.month),
        textCell(componentName(row.component)),
        textCell(row.villageCode),
        textCell(row.villageName),
        textCell(row.share),
        yuanCell(row.amountFen),
        countCell(row.spareFen),
      ]),
      totals: [
        [
          { value: '合计', type: String, fontWeight: 'bold' },
          ...Array.from({ length: 6 }, () => null),
          yuanCell(head.totalFen, true),
        ],
      ],
    },
  ]);
  return {
    fileName: nameOf(head, 'xlsx'),
    mediaType: MEDIA_TYPES.xlsx,
    bytes,
    rowCount: villages.length + lines.length,
    contentHash: hash,
  };
}

/** The lines of a run for a spreadsheet. @throws ProblemError 404 `allocation.unknown` */
export async function runCsv(task: BuildTask): Promise<BuiltFile> {
  const { head, lines, hash } = await readRun(task);
  const text = [
    excelRow(['电站编码', '电站', '电量月份', '价格构成', '村编码', '村', '份额', '金额（元）']),
    ...lines.map((row) =>
      excelRow([
        row.stationCode,
        row.stationName,
        row.month,
        componentName(row.component),
        row.villageCode,
        row.villageName,
        // A fraction alone would be read as a date.
        `份额 ${row.share}`,
        yuanText(row.amountFen),
      ]),
    ),
    excelRow(['合计', null, null, null, null, null, null, yuanText(head.totalFen)]),
  ].join('');
  const bytes = Buffer.from(BYTE_ORDER_MARK + text);
  requireSize(bytes.length);
  return {
    fileName: nameOf(head, 'csv'),
    mediaType: MEDIA_TYPES.csv,
    bytes,
    rowCount: lines.length,
    contentHash: hash,
  };
}
