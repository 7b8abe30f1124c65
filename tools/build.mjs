// Builds all server programs with Rspack and the web app with Vite, side by side.
import { rspack } from '@rspack/core';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './project.mjs';
import config from './rspack.config.mjs';

function buildPrograms() {
  return new Promise((resolve, reject) => {
    rspack(config, (error, stats) => {
      if (error) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString({ preset: 'errors-only' })));
      else resolve(undefined);
    });
  });
}

await Promise.all([
  buildPrograms(),
  build({ configFile: join(root, 'apps/web/vite.config.ts'), logLevel: 'warn' }),
]);
