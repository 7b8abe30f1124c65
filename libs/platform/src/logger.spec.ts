import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LogDestination } from './logger.ts';

const MEBIBYTE = 1024 * 1024;

/** A reader that takes nothing until it is told to. */
function slowReader() {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let isReading = false;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      lines.push(String(chunk));
      if (isReading) done();
      else waiting.push(done);
    },
  });
  const read = async () => {
    isReading = true;
    const drained = new Promise((resolve) => stream.once('drain', resolve));
    for (const done of waiting.splice(0)) done();
    await drained;
  };
  return { stream, lines, read };
}

describe('log destination', () => {
  it('drops lines for a reader who does not read, and counts them once he does', async () => {
    const { stream, lines, read } = slowReader();
    const log = new LogDestination(stream, 'worker');
    for (let count = 0; count < 10; count += 1) log.write('x'.repeat(MEBIBYTE));
    expect(stream.writableLength).toBeLessThan(6 * MEBIBYTE);
    await read();
    log.write('next\n');
    const [counted, next] = lines.slice(-2);
    expect(JSON.parse(counted ?? '')).toMatchObject({
      program: 'worker',
      lines: 5,
      msg: 'log.lines_dropped',
    });
    expect(next).toBe('next\n');
  });

  it('stays quiet once the reader is gone, and goes on after another error', () => {
    let writes = 0;
    const stream = new Writable({
      autoDestroy: false,
      write(_chunk, _encoding, done) {
        writes += 1;
        done();
      },
    });
    const log = new LogDestination(stream, 'worker');
    stream.emit('error', Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
    log.write('one');
    stream.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    log.write('two');
    expect(writes).toBe(1);
  });
});
