// One configuration for all server programs: bundles the project's own TypeScript, leaves node_modules outside.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const apps = ['api', 'ingest', 'worker', 'simulator', 'testbench', 'standalone'];

/** @type {import('@rspack/core').Configuration} */
export default {
  context: root,
  mode: 'none',
  target: 'node24',
  devtool: 'source-map',
  entry: {
    ...Object.fromEntries(apps.map((app) => [app, `./apps/${app}/src/main.ts`])),
    // The command of the server for accounts is a part of the api.
    account: './apps/api/src/account/main.ts',
  },
  output: {
    path: `${root}dist/apps`,
    filename: '[name]/main.js',
    chunkFilename: 'chunks/[name].js',
    module: true,
    library: { type: 'module' },
    chunkFormat: 'module',
    chunkLoading: 'import',
    clean: true,
  },
  // Names that start with a letter or a scope live in node_modules; '#…' and relative names are ours.
  externalsType: 'module-import',
  externals: [/^(node:|@[a-z0-9]|[a-z])/],
  resolve: { extensions: ['.ts', '.js'] },
  module: {
    rules: [
      {
        test: /\.ts$/,
        exclude: /node_modules/,
        type: 'javascript/esm',
        loader: 'builtin:swc-loader',
        options: {
          jsc: {
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
            target: 'es2023',
          },
        },
      },
    ],
  },
  node: { __filename: false, __dirname: false },
  optimization: { nodeEnv: false, concatenateModules: false },
};
