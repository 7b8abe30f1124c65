// npm run scenario -- FILE… [--engine timescale] [--keep]: sets up what is missing, then runs scenario files
// (docs/SCENARIOS.md).
import { ensureInstalled } from './project.mjs';

// Where the user is, for names of files; npm says so by itself.
process.env.INIT_CWD ??= process.cwd();
await ensureInstalled();
// Its own packages are there only now.
const { runHarness } = await import('./harness.mjs');
process.exitCode = await runHarness('scenario', { args: process.argv.slice(2) });
