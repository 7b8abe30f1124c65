import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formOf,
  isWideFilter,
  mergeSources,
  messagesOf,
  parseJsonText,
  parsePasted,
  shanghaiInstant,
} from './profileText.ts';
import { hexDump, readQuarantineAddress, toApiFilter, writeQuarantineAddress } from './quarantineQuery.ts';
import { PROFILE_SAMPLES } from './samples.ts';

describe('the address of the quarantine', () => {
  it('survives being written and read', () => {
    const word = fc.stringMatching(/^[a-z/]{1,20}$/);
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 10_000 }), (reason, topic, page) => {
        const address = { ...readQuarantineAddress({}), reason, topic, page, to: '2026-06-01' };
        expect(readQuarantineAddress(writeQuarantineAddress(address))).toEqual(address);
      }),
    );
  });

  it('falls back where it is nonsense', () => {
    const address = readQuarantineAddress({ page: '-1', from: 'x', state: 'y', id: 'z', topic: ['a', 'b'] });
    expect(address).toMatchObject({ page: 1, from: '', state: '', id: '', topic: 'a' });
    expect(writeQuarantineAddress(readQuarantineAddress({}))).toEqual({});
  });

  it('asks the server up to the end of the last day', () => {
    expect(toApiFilter(readQuarantineAddress({ to: '2026-06-30', id: '7' }))).toEqual({ to: '2026-07-01' });
  });
});

describe('bytes', () => {
  it('are set out sixteen a line, with what is readable', () => {
    const dump = hexDump(Buffer.from('{"ts":1}\u0000\u00ff and more').toString('hex'));
    expect(dump.split('\n')).toEqual([
      '00000000  7b 22 74 73 22 3a 31 7d 00 c3 bf 20 61 6e 64 20  {"ts":1}... and ',
      '00000010  6d 6f 72 65                                      more',
    ]);
    expect(hexDump('')).toBe('');
  });
});

describe('JSON that is edited', () => {
  it('names line and column of the first error', () => {
    expect(parseJsonText('{\n  "a": 1,\n  "b" 2\n}')).toMatchObject({ problem: { line: 3, column: 7 } });
    expect(parseJsonText('{\n  "a": 1')).toMatchObject({ problem: { line: 2 } });
    expect(parseJsonText('[1]')).toMatchObject({ problem: { line: 1, column: 1 } });
    expect(parseJsonText('{"a":1}')).toEqual({ value: { a: 1 } });
  });
});

describe('the form of a trial', () => {
  it('takes one message, or one a line', () => {
    const form = { isLines: false, topic: ' a/b ', payload: '{"x": 1}', isHex: false, lines: '' };
    expect(messagesOf(form)).toEqual({ messages: [{ topic: 'a/b', text: '{"x": 1}' }] });
    expect(messagesOf({ ...form, topic: ' ' })).toEqual({ isEmpty: true });
    const lines = { ...form, isLines: true, lines: 'a/b 1.5\n\nc/d two words\n' };
    expect(messagesOf(lines)).toEqual({
      messages: [
        { topic: 'a/b', text: '1.5' },
        { topic: 'c/d', text: 'two words' },
      ],
    });
    expect(messagesOf({ ...lines, lines: 'a/b 1\nonly-a-topic' })).toEqual({ badLines: [2] });
    expect(messagesOf({ ...lines, isHex: true, lines: 'a ff 00' })).toEqual({
      messages: [{ topic: 'a', hex: 'ff00' }],
    });
  });

  it('gives every sample back as it is', () => {
    for (const sample of Object.values(PROFILE_SAMPLES)) {
      const result = messagesOf(formOf(sample, false));
      const plain = (text?: string) => (text === undefined ? undefined : text.replace(/\s/g, ''));
      const messages = 'messages' in result ? result.messages : [];
      expect(messages.map(({ topic, text, hex }) => [topic, plain(text), hex])).toEqual(
        sample.map(({ topic, text, hex }) => [topic, plain(text), hex]),
      );
    }
  });
});

describe('rows from a spreadsheet', () => {
  it('are taken with tabs, commas or semicolons, without their head', () => {
    const row = { sourceId: 'a', station: 'S', device: 'D' };
    for (const text of ['来源\t电站\t设备\na\tS\tD', 'source,station,device\r\n"a",S,D\r\n', 'a;S;D'])
      expect(parsePasted(text)).toEqual({ rows: [row], badLines: [] });
    expect(parsePasted('a\tS\n\nb\tS\tD').badLines).toEqual([1]);
  });

  it('go over the row of the same source', () => {
    const old = [
      { sourceId: 'a', station: 'S', device: '1' },
      { sourceId: 'b', station: 'S', device: '2' },
    ];
    const merged = mergeSources(old, [
      { sourceId: 'a', station: 'S', device: '9' },
      { sourceId: 'c', station: 'S', device: '3' },
    ]);
    expect(merged.map(({ sourceId, device }) => `${sourceId}${device}`)).toEqual(['a9', 'b2', 'c3']);
  });
});

it('warns of filters that begin with a wildcard', () => {
  expect(['+/channel/#', '#', 'solar/+/#'].map(isWideFilter)).toEqual([true, true, false]);
});

it('reads a time of receipt as Shanghai writes it, and nothing else', () => {
  expect(shanghaiInstant('2025-06-01 10:00:05')).toBe('2025-06-01T02:00:05.000Z');
  expect(shanghaiInstant('2025-06-01 10:00')).toBe('2025-06-01T02:00:00.000Z');
  expect(['', '2025-13-01 10:00:00', 'yesterday'].map(shanghaiInstant)).toEqual([null, null, null]);
});
