// npm run fuzz: sets up what is missing, then throws payloads at the decoders (test/fuzz/main.ts).
import { ensureInstalled } from './project.mjs';

await ensureInstalled();
// Its own packages are there only now.
const { runHarness } = await import('./harness.mjs');
process.exitCode = await runHarness('fuzz', { nodeOptions: ['--expose-gc'], args: process.argv.slice(2) });
