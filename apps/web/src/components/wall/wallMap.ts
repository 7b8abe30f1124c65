/** Boxes of drawings, and labels that do not lie on each other. Pure. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The box of a path of absolute `M`, `L` and `Z`, as the map of the counties has them. */
export function boxOf(path: string): Box {
  const numbers = (path.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const xs = numbers.filter((_, index) => index % 2 === 0);
  const ys = numbers.filter((_, index) => index % 2 === 1);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** A box with `share` of its larger side around it. */
export function withMargin(box: Box, share: number): Box {
  const margin = Math.max(box.width, box.height) * share;
  return {
    left: box.left - margin,
    top: box.top - margin,
    width: box.width + 2 * margin,
    height: box.height + 2 * margin,
  };
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.left + b.width &&
  b.left < a.left + a.width &&
  a.top < b.top + b.height &&
  b.top < a.top + a.height;

/** The labels that find room, in the order given: the first has the first choice. */
export function placeLabels<T extends { box: Box }>(labels: readonly T[]): T[] {
  const placed: T[] = [];
  for (const label of labels)
    if (placed.every((other) => !overlaps(label.box, other.box))) placed.push(label);
  return placed;
}
