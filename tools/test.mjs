// npm test: checks what the tests need, brings it where it can, and runs them all.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, giveUp, node, root, run, say } from './project.mjs';

const needs = [
  {
    name: 'Chromium',
    package: 'chromium',
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
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (missing().length > 0)
    giveUp(
      `the tests need ${missing()
        .map(({ name }) => name)
        .join(' and ')}: apt-get install ${packages.join(' ')}`,
    );
}

await ensureInstalled();
await ensureBuilt();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.exitCode = await run(node(), [vitest, 'run', ...process.argv.slice(2)]);
