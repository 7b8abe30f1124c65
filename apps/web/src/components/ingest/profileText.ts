import type { SourceMapping, TrialRequest } from '#contracts';
import type { SampleMessage } from './samples.ts';

/** Where a text stops being JSON; line and column from 1, or null where the parser does not say. */
interface JsonProblem {
  message: string;
  line: number | null;
  column: number | null;
}

export type ParsedJson = { value: Record<string, unknown> } | { problem: JsonProblem };

/** Text → object, with the place of the first error in it. */
export function parseJsonText(text: string): ParsedJson {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: { ...value } };
    return { problem: { message: 'not an object', line: 1, column: 1 } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Chromium and Node name the position, Firefox line and column; at the end of the text some name nothing.
    const lineColumn = /line (\d+) column (\d+)/.exec(message);
    const position = /position (\d+)/.exec(message)?.[1];
    if (lineColumn)
      return { problem: { message, line: Number(lineColumn[1]), column: Number(lineColumn[2]) } };
    if (position === undefined && !/end of/i.test(message))
      return { problem: { message, line: null, column: null } };
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split('\n');
    return { problem: { message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 } };
  }
}

/** What is in the form of a trial. */
export interface TrialForm {
  /** Several messages, one a line, or one message. */
  isLines: boolean;
  topic: string;
  payload: string;
  isHex: boolean;
  lines: string;
}

export type TrialMessages =
  { messages: TrialRequest['messages'] } | { badLines: number[] } | { isEmpty: true };

/** Form → messages; lines that are no message are named by their numbers, from 1. */
export function messagesOf(form: TrialForm): TrialMessages {
  const payloadOf = (text: string) => (form.isHex ? { hex: text.replace(/\s+/g, '') } : { text });
  if (!form.isLines) {
    const topic = form.topic.trim();
    return topic === '' ? { isEmpty: true } : { messages: [{ topic, ...payloadOf(form.payload) }] };
  }
  const badLines: number[] = [];
  const messages = form.lines.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const match = /^\s*(\S+)\s(.*)$/.exec(line);
    if (!match) {
      badLines.push(index + 1);
      return [];
    }
    return [{ topic: match[1] ?? '', ...payloadOf((match[2] ?? '').trim()) }];
  });
  if (badLines.length > 0) return { badLines };
  return messages.length === 0 ? { isEmpty: true } : { messages };
}

/** A sample → what stands in the form. */
export function formOf(sample: readonly SampleMessage[], isValues: boolean): TrialForm {
  const [first] = sample;
  const isHex = sample.some(({ hex }) => hex !== undefined);
  const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ');
  return {
    isLines: isValues || sample.length > 1,
    topic: first?.topic ?? '',
    payload: first?.hex ?? first?.text ?? '',
    isHex,
    lines: sample.map(({ topic, text, hex }) => `${topic} ${hex ?? oneLine(text ?? '')}`).join('\n'),
  };
}

/** Rows pasted from a spreadsheet (tabs) or a CSV (commas, semicolons); a head row is left out. */
export function parsePasted(text: string): { rows: SourceMapping[]; badLines: number[] } {
  const rows: SourceMapping[] = [];
  const badLines: number[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const separator = line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',';
    const [sourceId = '', station = '', device = ''] = line.split(separator).map(unquoted);
    if (index === 0 && /^(source|来源)/i.test(sourceId)) continue;
    if (sourceId === '' || station === '' || device === '') badLines.push(index + 1);
    else rows.push({ sourceId, station, device });
  }
  return { rows, badLines };
}

const unquoted = (cell: string) =>
  cell
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .replaceAll('""', '"')
    .trim();

/** New rows go over the old ones of the same source, in place; others follow at the end. */
export function mergeSources(
  rows: readonly SourceMapping[],
  added: readonly SourceMapping[],
): SourceMapping[] {
  const merged = new Map(rows.map((row) => [row.sourceId, row]));
  for (const row of added) merged.set(row.sourceId, row);
  return [...merged.values()];
}

/** A filter whose first level is a wildcard brings everything of that depth. */
export const isWideFilter = (filter: string) => /^[+#]/.test(filter);

/** `2026-06-01 10:00:05` in Shanghai → ISO in UTC; null where it is no such time. */
export function shanghaiInstant(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)$/.exec(text);
  const ms = match ? Date.parse(`${match[1]}T${match[2]}+08:00`) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
