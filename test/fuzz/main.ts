// npm run fuzz [-- --count 1000000 --seed N]
import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz.ts';

const HEAP_GROWTH_MAX_MB = 200;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const collect = globalThis.gc;
const report = runFuzz({
  seed: Number(values.seed),
  count: Number(values.count),
  ...(collect ? { collect: () => collect() } : {}),
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults === 0 && report.heapGrowthMb < HEAP_GROWTH_MAX_MB ? 0 : 1;
