// P8: bytes a reading, all fields, on TimescaleDB before and after compression, and in a native partition.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, psql, startServer } from '../support/database.mjs';
import { round, say } from '../support/figures.mjs';
import { COLUMNS, createRegistry, FleetDay, yesterday } from '../support/fleet.mjs';
import { loadLibraries } from '../support/libraries.mjs';

const GOAL_BYTES = 8;
/** A quarter of the city: enough rows for a steady figure. */
const QUARTER = { stations: 118, inverters: 14 };

/** Loads the same day into a database of the server; `measure` says what it takes there. */
async function measured(server, { fields, measure }) {
  const { sql } = await loadLibraries();
  const store = await createDatabase(server);
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-rows-'));
  const file = join(folder, 'rows.tsv');
  try {
    await createRegistry(store.database, QUARTER);
    const { day, startMs } = await yesterday();
    const readings = await new FleetDay(QUARTER, startMs, { fields }).writeRows(file, { withMeters: true });
    await store.ensureDay(day);
    await psql(store, `\\copy reading (${COLUMNS.join(', ')}) from '${file}'\n`);
    await store.database.query(sql`vacuum analyze reading`);
    return { readings, ...(await measure({ ...store, day, readings })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await store.drop();
  }
}

async function nativeBytes({ database, readings }) {
  const { sql } = await loadLibraries();
  const [row] = await database.query(sql`
    select sum(pg_total_relation_size(relid))::float8 as bytes, sum(pg_relation_size(relid))::float8 as heap
    from pg_partition_tree('reading') where isleaf`);
  return { bytes: round(row.bytes / readings, 1), withoutIndex: round(row.heap / readings, 1) };
}

/** Compresses as the worker does, or, in a version that does not yet, with the layout that engines.md found good. */
async function compress(database) {
  const { addDays, dayOf, sql, TimeSeriesKeeping } = await loadLibraries();
  if (TimeSeriesKeeping !== undefined) {
    // Chunks are days of UTC: the last of yesterday ends today.
    await new TimeSeriesKeeping(database).compressDaysBefore(addDays(dayOf(Date.now()), 1));
    return 'TimeSeriesKeeping';
  }
  await database.query(sql`
    alter table reading set (timescaledb.compress, timescaledb.compress_segmentby = 'device_id',
      timescaledb.compress_orderby = 'measured_at')`);
  await database.query(sql`select compress_chunk(c, true) from show_chunks('reading') c`);
  return 'compress_chunk';
}

async function timescaleBytes({ database, readings }) {
  const { sql } = await loadLibraries();
  const [before] = await database.query(sql`select hypertable_size('reading')::float8 as bytes`);
  const compressedBy = await compress(database);
  const [after] = await database.query(sql`select hypertable_size('reading')::float8 as bytes`);
  const layout = await database.query(sql`
    select attname as name, segmentby_column_index as segment, orderby_column_index as "order"
    from timescaledb_information.compression_settings
    where hypertable_name = 'reading' and coalesce(segmentby_column_index, orderby_column_index) is not null`);
  return {
    before: round(before.bytes / readings, 1),
    after: round(after.bytes / readings, 1),
    compressedBy,
    layout,
  };
}

export async function p8({ server }) {
  if (!process.env.PV_TEST_TIMESCALE_URL) throw new Error('P8 needs PV_TEST_TIMESCALE_URL');
  const timescale = await startServer('timescale');
  const results = {};
  for (const [name, fields] of [
    ['coreFields', 'core'],
    ['asSent', 'sent'],
    ['allFields', 'all'],
  ]) {
    const compressed = await measured(timescale, { fields, measure: timescaleBytes });
    const native =
      server.engine === 'timescale' ? null : await measured(server, { fields, measure: nativeBytes });
    say(
      `P8 ${name}: ${compressed.before} → ${compressed.after} bytes; native ${native?.bytes ?? 'not measured'}`,
    );
    results[name] = { timescale: compressed, native };
  }
  const { timescale: all } = results.allFields;
  return {
    figure: all.after,
    limit: all.before,
    ratio: round(all.after / all.before, 3),
    goal: `≤ ${GOAL_BYTES}`,
    isMet: all.after <= GOAL_BYTES,
    unit: 'bytes a reading, all fields, compressed',
    ...results,
  };
}
