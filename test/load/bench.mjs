// npm run bench: each figure beside a limit measured in the same run, as a table and as JSON (docs/BENCHMARKS.md).
//   node tools/bench.mjs [P0 P1 … P8 close years screens] [--json FILE] [--rounds N] [--p3-minutes N] [--engine embedded|timescale]
//     [--cpu-prof FOLDER] [--alone]
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { killAll } from './support/children.mjs';
import { startServer } from './support/database.mjs';
import { human, machine, say } from './support/figures.mjs';
import { buildLibraries } from './support/libraries.mjs';

const SECTIONS = {
  P0: async () => (await import('./sections/p0.mjs')).p0,
  P1: async () => (await import('./sections/p1-p2.mjs')).p1,
  P2: async () => (await import('./sections/p1-p2.mjs')).p2,
  P3: async () => (await import('./sections/p3.mjs')).p3,
  P4: async () => (await import('./sections/p4.mjs')).p4,
  P5: async () => (await import('./sections/p5.mjs')).p5,
  P8: async () => (await import('./sections/p8.mjs')).p8,
  YEARS: async () => (await import('./sections/years.mjs')).years,
  CLOSE: async () => (await import('./sections/close.mjs')).close,
  SCREENS: async () => (await import('./sections/screens.mjs')).screens,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'p3-minutes': { type: 'string', default: '1' },
    engine: { type: 'string', default: 'embedded' },
    /** Writes a CPU profile of each run of ingest there. */
    'cpu-prof': { type: 'string' },
    /** Leaves out what people build instead. */
    alone: { type: 'boolean', default: false },
  },
});
const asked = positionals.length > 0 ? positionals.map((name) => name.toUpperCase()) : Object.keys(SECTIONS);
const unknown = asked.filter((name) => !(name in SECTIONS));
if (unknown.length > 0)
  throw new Error(`no such section: ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);

await buildLibraries();
const server = await startServer(values.engine);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    killAll();
    void server.stop().finally(() => process.exit(1));
  });
const results = { ...machine(), engine: server.engine, sections: {} };
try {
  for (const name of asked) {
    say(`${name} begins`);
    const section = await SECTIONS[name]();
    // A section that fails says so in its place; the figures of the others stand.
    results.sections[name] = await section({
      server,
      rounds: Number(values.rounds),
      minutes: Number(values['p3-minutes']),
      profileFolder: values['cpu-prof'],
      withOthers: !values.alone,
    }).catch((error) => {
      process.exitCode = 1;
      say(`${name} failed: ${error.stack}`);
      return { failed: error.message };
    });
    if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  }
} finally {
  await server.stop();
}

console.table(
  Object.fromEntries(
    Object.entries(results.sections).flatMap(([name, section]) => [
      [
        name,
        {
          figure: `${human(section.figure ?? section.failed)} ${section.unit ?? ''}`,
          limit: human(section.limit ?? ''),
          ratio: section.ratio ?? '',
          goal: section.goal ?? '',
          met: section.isMet ?? '',
        },
      ],
      ...Object.entries(section.others ?? {}).map(([other, { readingsPerS, lostWhenKilled, of }]) => [
        `${name} ${other}`,
        {
          figure: `${human(readingsPerS)} readings/s, lost when killed: ${human(lostWhenKilled)} of ${human(of)}`,
        },
      ]),
    ]),
  ),
);
process.stdout.write(`${JSON.stringify(results)}\n`);
