// npm run chaos: sets up what is missing, then kills and compares (test/chaos/main.ts).
import { ensureBuilt, ensureInstalled } from './project.mjs';

await ensureInstalled();
await ensureBuilt();
// Its own packages are there only now.
const { runHarness } = await import('./harness.mjs');
process.exitCode = await runHarness('chaos', { args: process.argv.slice(2) });
