// npm run chaos [-- --kills 100 --rate 2000 --gateways 40 --devices 14 --seed N]
import { parseArgs } from 'node:util';
import { isWhole, runChaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    rate: { type: 'string', default: '2000' },
    gateways: { type: 'string', default: '40' },
    devices: { type: 'string', default: '14' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
process.stderr.write(`seed ${values.seed}\n`);
const summary = await runChaos({
  seed: Number(values.seed),
  kills: Number(values.kills),
  readingsPerS: Number(values.rate),
  gateways: Number(values.gateways),
  devicesPerGateway: Number(values.devices),
  apartMs: [300, 3000],
  awayMs: [0, 2000],
  stallLimitMs: 120_000,
  signal: stopping.signal,
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(summary)}\n`);
process.exitCode = isWhole(summary) ? 0 : 1;
