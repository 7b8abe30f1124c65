// npm run bench: sets up what is missing, then measures on the built programs.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, node, root, run } from './project.mjs';

await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(node(), [join(root, 'test', 'load', 'bench.mjs'), ...process.argv.slice(2)]);
