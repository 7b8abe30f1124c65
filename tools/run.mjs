// Runs one program from a bare clone: node tools/run.mjs PROGRAM [arguments]
import { ensureBuilt, ensureInstalled, supervise } from './project.mjs';

const [program, ...args] = process.argv.slice(2);

await ensureInstalled();
await ensureBuilt();
process.exit(await supervise(program, args));
