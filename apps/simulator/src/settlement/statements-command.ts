import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RegistrySnapshot } from '#registry';
import { type TruthModel } from '#simulation';
import { expectedLedger } from './expected-ledger.ts';
import { issueMonth, placeFaults, type IssuedMonth, type PaperFault } from './paper-faults.ts';
import { papersOf } from './papers.ts';
import type { PaperSettings } from './paper-settings.ts';
import { bankFile, bankLines, invoiceFile, statementFiles } from './statement-files.ts';

/** What the files of a command say, as it stands in `expected-ledger.json`; amounts are fen as text. */
interface StatementsReport {
  simulated: true;
  seed: number;
  months: string[];
  files: { statements: string[]; corrections: string[]; invoices: string[]; bank: string[] };
  faults: IssuedMonth['findings'];
  totals: Record<string, string>;
  balances: Record<string, string>;
}

/** The months of a command, each with its faults. @throws RangeError where a fault names a station without a paper */
function issueMonths(
  parts: { truth: TruthModel; registry: RegistrySnapshot },
  settings: PaperSettings,
): IssuedMonth[] {
  return settings.months.map((month) => {
    const papers = papersOf(parts.truth, parts.registry, month);
    return issueMonth(month, papers, faultsOf(parts.truth.plant.seed, settings, month, papers));
  });
}

function faultsOf(
  seed: number,
  settings: PaperSettings,
  month: string,
  papers: readonly { stationCode: string }[],
): PaperFault[] {
  const named = settings.faults.flatMap(({ kind, stationCode, month: own }) =>
    stationCode !== null && (own ?? month) === month ? [{ kind, stationCode, month }] : [],
  );
  const taken = new Set(named.map(({ stationCode }) => stationCode));
  const free = settings.faults.filter((fault) => fault.stationCode === null);
  return [
    ...named,
    ...placeFaults(
      free.map(({ kind }) => kind),
      {
        seed,
        month,
        stationCodes: papers.map(({ stationCode }) => stationCode).filter((code) => !taken.has(code)),
      },
    ),
  ];
}

/**
 * Writes the papers of months into a folder: statements, invoices, lines of the bank, and what the ledger must say once
 * all of it has been taken in.
 */
export async function writeStatements(
  parts: { truth: TruthModel; registry: RegistrySnapshot },
  settings: PaperSettings,
): Promise<{ folder: string; report: StatementsReport }> {
  const { truth, registry } = parts;
  // npm runs scripts in the folder of the project, wherever the user is.
  const folder = resolve(process.env['INIT_CWD'] ?? '.', settings.folder);
  await mkdir(folder, { recursive: true });
  const issued = issueMonths(parts, settings);
  const countyNames = new Map(registry.counties.map(({ code, name }) => [code, name]));
  const names: StatementsReport['files'] = { statements: [], corrections: [], invoices: [], bank: [] };
  const write = async (list: string[], file: { name: string; bytes: Buffer }) => {
    await writeFile(join(folder, file.name), file.bytes);
    list.push(file.name);
  };
  for (const month of issued) {
    for (const file of await statementFiles(month, { ...settings, countyNames }))
      await write(file.isCorrection ? names.corrections : names.statements, file);
    await write(names.invoices, await invoiceFile(month));
  }
  const lines = bankLines(issued);
  for (const county of [...new Set(lines.map((line) => line.county))].sort())
    await write(names.bank, await bankFile(lines, county));
  await writeFile(join(folder, 'bank-lines.json'), `${JSON.stringify(lines, null, 2)}\n`);
  const { balances, totals } = expectedLedger(issued, registry);
  const report: StatementsReport = {
    simulated: true,
    seed: truth.plant.seed,
    months: [...settings.months],
    files: names,
    faults: issued.flatMap(({ findings }) => findings),
    totals: texts({ ...totals }),
    balances: texts(balances),
  };
  await writeFile(join(folder, 'expected-ledger.json'), `${JSON.stringify(report, null, 2)}\n`);
  return { folder, report };
}

const texts = (amounts: Record<string, bigint>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amountFen]) => [name, String(amountFen)]));
