import { describe, expect, it } from 'vitest';
import { pdfReport, type PdfReport } from './pdf-report.ts';

const report: PdfReport = {
  title: '结算月报',
  subtitle: '数据截至 2025-07-05 10:00',
  definitions: ['计量电量：电站日电量之和。', '“—”表示未知，不是零。'],
  columns: [
    { title: '县（市、区）', weight: 1, align: 'left' },
    { title: '一个很长的列名，需要折成好几行才放得下（元）', weight: 1, align: 'right' },
    { title: '到账（元）', weight: 3, align: 'right' },
  ],
  rows: [['临县', '1,000.00', '—']],
  total: ['合计', '1,000.00', '—'],
  signatures: ['制表', '复核', '审批'],
  footer: '结算月报',
  at: new Date('2025-07-05T02:00:00Z'),
};
const pages = (bytes: Buffer) => [...bytes.toString('latin1').matchAll(/\/Type \/Page\b(?!s)/g)].length;

describe('a report as PDF', () => {
  it('is one page where it fits, and as many as it needs where it does not', async () => {
    expect(pages(await pdfReport(report))).toBe(1);
    const rows = Array.from({ length: 100 }, (_, index) => [`村 ${index}`, '1.00', '2.00']);
    expect(pages(await pdfReport({ ...report, rows }))).toBe(5);
  });

  it('ends whatever stands in a cell', async () => {
    const rows = [
      ['长'.repeat(400), '9'.repeat(400), ''],
      ['\u202E\u0000名', '𠮷㐀', '一\n二\n三'],
    ];
    expect(pages(await pdfReport({ ...report, rows, title: '题'.repeat(300) }))).toBeGreaterThan(0);
  });
});
