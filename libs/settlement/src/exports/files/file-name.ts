import { printable } from './csv.ts';

const NAME_CHARACTERS_MAX = 100;

/** A name of a file that every system takes: no path, no control characters, no leading dot. */
export function fileName(parts: readonly string[], extension: string): string {
  const name = parts
    .map((part) =>
      printable(part)
        .replaceAll(/[\\/:*?"<>|\s]+/g, ' ')
        .replace(/^[.\s]+/, '')
        .trim(),
    )
    .filter((part) => part !== '')
    .join('_');
  return `${name.slice(0, NAME_CHARACTERS_MAX)}.${extension}`;
}
