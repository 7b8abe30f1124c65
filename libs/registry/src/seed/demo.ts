import type { Database } from '#persistence';
import { writeSnapshot } from '../snapshot.writer.ts';
import { generateRegistry } from './generate.ts';

/**
 * Puts the invented fleet of a seed into the database, marked 模拟数据; does nothing where it is there already.
 * @throws RegistryError as {@link writeSnapshot} does.
 */
export function writeDemoRegistry(database: Database, seed: number): Promise<{ written: boolean }> {
  return writeSnapshot(database, generateRegistry(seed), { simulated: true, seed });
}
