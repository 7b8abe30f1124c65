// Bundles a long test of test/{name}/main.ts as the programs are bundled, and runs it on the built programs.
import { rspack } from '@rspack/core';
import { join } from 'node:path';
import { node, root, run } from './project.mjs';
import config from './rspack.config.mjs';

/** @returns the exit status of the test. */
export async function runHarness(name, { nodeOptions = [], args = [] } = {}) {
  const path = join(root, 'dist', 'test');
  await new Promise((resolve, reject) => {
    rspack(
      {
        ...config,
        entry: { [name]: `./test/${name}/main.ts` },
        output: { ...config.output, path, filename: '[name].js', clean: false },
      },
      (error, stats) => {
        if (error) reject(error);
        else if (stats?.hasErrors()) reject(new Error(stats.toString({ preset: 'errors-only' })));
        else resolve(undefined);
      },
    );
  });
  return run(node(), ['--enable-source-maps', ...nodeOptions, join(path, `${name}.js`), ...args]);
}
