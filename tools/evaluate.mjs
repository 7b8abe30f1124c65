// npm run evaluate: sets up what is missing, then runs the expected output over a simulated year (test/evaluation/main.ts).
import { ensureInstalled } from './project.mjs';

await ensureInstalled();
// Its own packages are there only now.
const { runHarness } = await import('./harness.mjs');
process.exitCode = await runHarness('evaluation', { args: process.argv.slice(2) });
