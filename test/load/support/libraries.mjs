// Bundles the libraries of the product for the benchmark and loads them.
import { rspack } from '@rspack/core';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import config from '../../../tools/rspack.config.mjs';

export const root = join(import.meta.dirname, '../../..');
const built = join(root, 'dist/load/library.js');

/** Builds the bundle; the children of the benchmark load it as it is. */
export function buildLibraries() {
  const output = { ...config.output, path: join(root, 'dist/load'), filename: '[name].js' };
  const entry = { library: './test/load/support/library.mjs' };
  return new Promise((resolve, reject) => {
    rspack({ ...config, entry, output }, (error, stats) => {
      if (error) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString({ preset: 'errors-only' })));
      else resolve();
    });
  });
}

export const loadLibraries = () => import(pathToFileURL(built).href);
