import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the project: the nearest one above this file that holds `nest-cli.json`. */
export function projectRoot(from: string = import.meta.dirname): string {
  let folder = from;
  while (!existsSync(join(folder, 'nest-cli.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no nest-cli.json above ${from}`);
    folder = parent;
  }
  return folder;
}
