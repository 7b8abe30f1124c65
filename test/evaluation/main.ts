// npm run evaluate [-- --seed 101 --stations 468 --days 365]
// npm run evaluate -- --alarms [--stations 468 --days 30 --from 2026-06-01]: the same city without a fault through the tables
import { parseArgs } from 'node:util';
import { quietCity } from './alarm-city.ts';
import { evaluate, TEST_SEEDS } from './evaluate.ts';
import { tableOf } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(TEST_SEEDS[0]) },
    stations: { type: 'string', default: '468' },
    days: { type: 'string' },
    alarms: { type: 'boolean', default: false },
    from: { type: 'string', default: '2026-06-01' },
  },
});
const startedMs = Date.now();
const onProgress = (line: string) =>
  process.stderr.write(`${line} ${Math.round((Date.now() - startedMs) / 1000)} s\n`);
const options = { seed: Number(values.seed), stations: Number(values.stations), onProgress };
if (values.alarms) {
  const days = Number(values.days ?? 30);
  process.stdout.write(`${await quietCity({ ...options, days, fromDay: values.from })}\n`);
} else {
  const days = Number(values.days ?? 365);
  const figures = evaluate({ ...options, days });
  process.stdout.write(
    `seed ${values.seed}, ${values.stations} stations, ${days} days\n\n${tableOf(figures)}\n`,
  );
}
