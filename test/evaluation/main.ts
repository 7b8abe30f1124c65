// npm run evaluate [-- --seed 101 --stations 468 --days 365]
import { parseArgs } from 'node:util';
import { evaluate, TEST_SEEDS } from './evaluate.ts';
import { tableOf } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(TEST_SEEDS[0]) },
    stations: { type: 'string', default: '468' },
    days: { type: 'string', default: '365' },
  },
});
const startedMs = Date.now();
const figures = evaluate({
  seed: Number(values.seed),
  stations: Number(values.stations),
  days: Number(values.days),
  onProgress: (line) => process.stderr.write(`${line} ${Math.round((Date.now() - startedMs) / 1000)} s\n`),
});
process.stdout.write(
  `seed ${values.seed}, ${values.stations} stations, ${values.days} days\n\n${tableOf(figures)}\n`,
);
