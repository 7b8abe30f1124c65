import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Root's database runs as another user, who has to get through. */
const PASS_THROUGH = 0o711;

/**
 * Makes the folder of the data where it is absent. A folder that is there keeps its mode: who may look into it is its
 * owner's decision.
 * @returns the whole path.
 */
export function ensureDataFolder(folder: string): string {
  const path = resolve(folder);
  const firstMade = mkdirSync(path, { recursive: true });
  if (firstMade === undefined || process.getuid?.() !== 0) return path;
  for (let made = path; made.startsWith(firstMade); made = dirname(made)) chmodSync(made, PASS_THROUGH);
  return path;
}
