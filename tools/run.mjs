// Runs one program from a bare clone: node tools/run.mjs PROGRAM [arguments]
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, node, root } from './project.mjs';

const [program, ...args] = process.argv.slice(2);

await ensureInstalled();
await ensureBuilt();

const child = spawn(
  node(),
  ['--enable-source-maps', join(root, 'dist', 'apps', program, 'main.js'), ...args],
  {
    cwd: process.cwd(),
    // The channel tells the program when this one is gone, however it ended.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  },
);
// A terminal sends Ctrl-C to both; from elsewhere the signal has to be passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
