// npm test: checks what the tests need, brings it where it can, and runs them all.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, node, root, run, say } from './project.mjs';

/** A machine without a network gets on with the tests that it can run. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const needs = [
  {
    name: 'Chromium',
    package: 'chromium',
    otherwise: ' fonts-noto-cjk, or set PV_CHROMIUM to a Chromium',
    places: [
      process.env.PV_CHROMIUM,
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
    ],
  },
  {
    name: 'mosquitto',
    package: 'mosquitto',
    places: ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'],
  },
];
const missing = () => needs.filter(({ places }) => !places.some((place) => place && existsSync(place)));

if (missing().length > 0) {
  const packages = [...missing().map((need) => need.package), 'fonts-noto-cjk'];
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (canInstall) {
    say(`installing ${packages.join(', ')}`);
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', timeout: INSTALL_TIMEOUT_MS });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: INSTALL_TIMEOUT_MS,
    });
  }
}

// What cannot be brought fails by itself, with the same advice; everything else runs.
for (const { name, package: packageName, otherwise } of missing())
  process.stderr.write(`
  !! ${name} is missing: the tests that need it will FAIL; all others run.
  !! To run them: apt-get install ${packageName}${otherwise ?? ''}

`);

await ensureInstalled();
await ensureBuilt();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.exitCode = await run(node(), [vitest, 'run', ...process.argv.slice(2)]);
