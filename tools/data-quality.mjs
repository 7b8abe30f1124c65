// Replays all real series of test/fixtures/pv through broker, ingest, roll-up and judgement (minutes), and writes the
// tables of docs/DATA-QUALITY.md from what was found: node_modules/.bin/node tools/data-quality.mjs
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { status } = spawnSync('npx', ['vitest', 'run', 'test/integration/real-data.spec.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, PV_DATA_QUALITY: 'whole' },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
