// What `npm start`, `npm test` and `npm run …` share. Plain JavaScript on whatever Node is installed: nothing else is
// there before the first install.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const installStamp = join(modules, '.sunledger-install');
const buildStamp = join(root, 'dist', '.stamp');
/** Node 20.19 runs npm and this file; the programs run on the Node that npm brings. */
const NODE_MIN = [20, 19];

export const node = () => join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Ends the run with one clear line. */
export function giveUp(message) {
  process.stderr.write(`sunledger: ${message}\n`);
  process.exit(1);
}

export function say(message) {
  process.stdout.write(`sunledger: ${message}\n`);
}

/** Runs a program to its end; its status, or 1 where a signal ended it. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

/**
 * Runs one of the built programs to its end; its status, or 1 where a signal ended it. It is told to stop by this
 * process alone: in a group of its own it does not get the terminal's Ctrl-C a second time, and the channel tells it
 * when this process is gone, however that ended.
 */
export function supervise(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(
      node(),
      ['--enable-source-maps', join(root, 'dist', 'apps', program, 'main.js'), ...args],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: process.platform !== 'win32' },
    );
    // Never `once`: the second signal would end this process before the program has stopped.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

/** Installs the packages of the lock file, unless just these are there. */
export async function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1]))
    giveUp(`Node ${process.versions.node} is too old: install Node ${NODE_MIN.join('.')} or newer`);
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const found = existsSync(installStamp) ? readFileSync(installStamp, 'utf8') : '';
  if (found === wanted && existsSync(node())) return;
  // npm would empty the folder behind the link, which is that of another working copy.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    if (!existsSync(node())) giveUp('node_modules is a link to a folder without packages: run npm ci there');
    return;
  }
  say('installing packages');
  const npm = process.env.npm_execpath;
  const status = npm
    ? await run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund', '--loglevel=error'])
    : await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
        shell: process.platform === 'win32',
      });
  if (status !== 0) giveUp('the packages could not be installed; npm says why above');
  if (!existsSync(node()))
    giveUp(
      'npm did not bring Node 24: allow the install script of the package "node" (npm install-scripts approve node)',
    );
  writeFileSync(installStamp, wanted);
}

/** Builds the programs and the web app, unless nothing has changed since. */
export async function ensureBuilt() {
  const wanted = sourceHash();
  const found = existsSync(buildStamp) ? readFileSync(buildStamp, 'utf8') : '';
  if (found === wanted) return;
  say('building');
  const status = await run(node(), [join(root, 'tools', 'build.mjs')]);
  if (status !== 0) giveUp('the build failed; see above');
  writeFileSync(buildStamp, wanted);
}

function sourceHash() {
  const hash = createHash('sha256');
  const add = (path) => hash.update(path.slice(root.length)).update(readFileSync(path));
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (!entry.name.endsWith('.md')) add(path);
    }
  };
  for (const folder of ['apps', 'libs', 'tools', 'data']) walk(join(root, folder));
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json']) add(join(root, file));
  return hash.digest('hex');
}
