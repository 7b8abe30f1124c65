import PdfKit from 'pdfkit';
import { printable } from './csv.ts';
import { pdfFonts } from './pdf-fonts.ts';

/** A4 across, in points. */
const PAGE = { width: 841.89, height: 595.28 };
const MARGIN = 40;
const BODY_WIDTH = PAGE.width - 2 * MARGIN;
const FOOTER_HEIGHT = 26;
const BODY_END = PAGE.height - MARGIN - FOOTER_HEIGHT;
/** One line of the font takes 1.45 of its size, and a row has some room around it. */
const ROW_HEIGHT = 19.5;
const CELL_PADDING = 3;
const SIGN_HEIGHT = 72;
const SIZE = { title: 18, body: 9, small: 8 } as const;
const COLOUR = { text: '#1f2430', muted: '#5b6475', line: '#c5ccd6', band: '#eef2f5' } as const;

export interface PdfColumn {
  title: string;
  /** Part of the width, against the other columns. */
  weight: number;
  align: 'left' | 'right';
}

export interface PdfReport {
  title: string;
  /** Under the title: what it tells of, and as of when. */
  subtitle: string;
  definitions: readonly string[];
  columns: readonly PdfColumn[];
  rows: readonly (readonly string[])[];
  total: readonly string[];
  /** Who signs: 制表, 复核, 审批. */
  signatures: readonly string[];
  /** Beside the page number on every page. */
  footer: string;
  /** Stands in the properties of the file. */
  at: Date;
}

interface Placed {
  columns: readonly (PdfColumn & { x: number; width: number })[];
}

/** A report with one table, on as many pages as it needs; the headings stand on each of them. @returns its bytes */
export async function pdfReport(report: PdfReport): Promise<Buffer> {
  const fonts = await pdfFonts();
  const document = new PdfKit({
    size: 'A4',
    layout: 'landscape',
    margins: { top: MARGIN, right: MARGIN, bottom: 0, left: MARGIN },
    bufferPages: true,
    info: {
      Title: printable(report.title),
      CreationDate: report.at,
      ModDate: report.at,
      Creator: 'Sunledger',
    },
    lang: 'zh-CN',
  });
  document.registerFont('regular', fonts.regular);
  document.registerFont('bold', fonts.bold);
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    document.once('end', resolve);
    document.once('error', reject);
  });
  drawHead(document, report);
  drawTable(document, report);
  drawSignatures(document, report);
  drawFooters(document, report);
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

type Canvas = InstanceType<typeof PdfKit>;

function drawHead(document: Canvas, report: PdfReport): void {
  document.font('bold').fontSize(SIZE.title).fillColor(COLOUR.text);
  document.text(printable(report.title), MARGIN, MARGIN, { width: BODY_WIDTH });
  document.font('regular').fontSize(SIZE.body).fillColor(COLOUR.muted);
  document.text(printable(report.subtitle), { width: BODY_WIDTH });
  document.moveDown(0.6);
}

function place(report: PdfReport): Placed {
  const whole = report.columns.reduce((sum, { weight }) => sum + weight, 0);
  let x = MARGIN;
  const columns = report.columns.map((column) => {
    const width = (BODY_WIDTH * column.weight) / whole;
    const placed = { ...column, x, width };
    x += width;
    return placed;
  });
  return { columns };
}

function drawTable(document: Canvas, report: PdfReport): void {
  const placed = place(report);
  drawRow(document, placed, { cells: report.columns.map(({ title }) => title), isHeading: true });
  for (const cells of report.rows) {
    if (document.y + ROW_HEIGHT > BODY_END) {
      document.addPage();
      drawRow(document, placed, { cells: report.columns.map(({ title }) => title), isHeading: true });
    }
    drawRow(document, placed, { cells, isHeading: false });
  }
  if (document.y + ROW_HEIGHT > BODY_END) document.addPage();
  drawRow(document, placed, { cells: report.total, isHeading: true });
  drawDefinitions(document, report);
}

function drawRow(
  document: Canvas,
  { columns }: Placed,
  row: { cells: readonly string[]; isHeading: boolean },
): void {
  const top = document.y;
  const height = row.isHeading ? headingHeight(document, columns, row.cells) : ROW_HEIGHT;
  if (row.isHeading) document.rect(MARGIN, top, BODY_WIDTH, height).fill(COLOUR.band);
  document
    .font(row.isHeading ? 'bold' : 'regular')
    .fontSize(SIZE.body)
    .fillColor(COLOUR.text);
  columns.forEach(({ x, width, align }, index) => {
    document.text(printable(row.cells[index] ?? ''), x + 4, top + CELL_PADDING, {
      width: width - 8,
      height: height - CELL_PADDING,
      align,
      ellipsis: true,
    });
  });
  document.strokeColor(COLOUR.line).lineWidth(0.5);
  document
    .moveTo(MARGIN, top + height)
    .lineTo(MARGIN + BODY_WIDTH, top + height)
    .stroke();
  document.x = MARGIN;
  document.y = top + height;
}

function headingHeight(document: Canvas, columns: Placed['columns'], cells: readonly string[]): number {
  document.font('bold').fontSize(SIZE.body);
  const heights = columns.map(({ width }, index) =>
    document.heightOfString(printable(cells[index] ?? ''), { width: width - 8 }),
  );
  return Math.max(ROW_HEIGHT, Math.ceil(Math.max(...heights)) + 2 * CELL_PADDING);
}

function drawDefinitions(document: Canvas, { definitions }: PdfReport): void {
  document.font('regular').fontSize(SIZE.small).fillColor(COLOUR.muted);
  document.y += 8;
  for (const [index, definition] of definitions.entries()) {
    const text = `${index + 1}. ${printable(definition)}`;
    if (document.y + document.heightOfString(text, { width: BODY_WIDTH }) > BODY_END) document.addPage();
    document.text(text, MARGIN, document.y, { width: BODY_WIDTH });
  }
}

function drawSignatures(document: Canvas, { signatures }: PdfReport): void {
  if (document.y + SIGN_HEIGHT > BODY_END) document.addPage();
  const top = Math.max(document.y + 14, BODY_END - SIGN_HEIGHT);
  const width = BODY_WIDTH / signatures.length;
  signatures.forEach((signature, index) => {
    const x = MARGIN + index * width;
    document.font('bold').fontSize(SIZE.body).fillColor(COLOUR.text).text(signature, x, top, { width: 60 });
    document.strokeColor(COLOUR.line).lineWidth(0.5);
    document
      .moveTo(x, top + 42)
      .lineTo(x + width - 30, top + 42)
      .stroke();
    document.font('regular').fontSize(SIZE.small).fillColor(COLOUR.muted);
    document.text('签字（盖章）　　　　　年　　月　　日', x, top + 47, { width: width - 30 });
  });
}

function drawFooters(document: Canvas, { footer }: PdfReport): void {
  const { start, count } = document.bufferedPageRange();
  for (let index = 0; index < count; index += 1) {
    document.switchToPage(start + index);
    const y = PAGE.height - MARGIN - 10;
    document.font('regular').fontSize(SIZE.small).fillColor(COLOUR.muted);
    document.text(printable(footer), MARGIN, y, { width: BODY_WIDTH - 90, lineBreak: false });
    document.text(`第 ${index + 1} 页，共 ${count} 页`, PAGE.width - MARGIN - 90, y, {
      width: 90,
      align: 'right',
      lineBreak: false,
    });
  }
}
