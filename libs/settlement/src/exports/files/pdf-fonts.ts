import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import { unpackWoff } from './woff.ts';

/**
 * Noto Sans SC (OFL). The .woff files hold the whole set of simplified Chinese and Latin; of the .woff2 files the writer of
 * PDF makes no subset, and each report would be some megabytes.
 */
const FILES = {
  regular: '@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff',
  bold: '@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-700-normal.woff',
} as const;

export interface PdfFonts {
  regular: Buffer;
  bold: Buffer;
}

let loaded: Promise<PdfFonts> | null = null;

/** The two weights of the font, read once. */
export async function pdfFonts(): Promise<PdfFonts> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<PdfFonts> {
  // From the root of the project: a built program is not where this file is.
  const { resolve } = createRequire(join(projectRoot(), 'package.json'));
  const [regular, bold] = await Promise.all([
    readFile(resolve(FILES.regular)),
    readFile(resolve(FILES.bold)),
  ]);
  return { regular: unpackWoff(regular), bold: unpackWoff(bold) };
}
