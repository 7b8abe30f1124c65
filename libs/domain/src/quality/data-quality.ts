import { dayShape, type DayShape } from './day-shape.ts';
import { findGaps } from './gaps.ts';
import { believable, findOutliers, type KnownPoint } from './outliers.ts';
import { findPlateaus } from './plateaus.ts';
import { QUALITY_KINDS, type PowerPoint, type QualityFlag, type QualityOptions } from './quality-types.ts';

/** What a day of a device is, besides its flags, for the question whether its clock is right. */
export interface JudgedDay {
  flags: QualityFlag[];
  shape: DayShape;
}

/**
 * Judges one day of the power of a device. Pure. Points in order of time; those beside the span help to see spells
 * that cross its ends, and flags are cut to the span. A wrong clock shows over several days: `timeShiftOf`.
 */
export function judgePowerDay(
  points: readonly PowerPoint[],
  options: QualityOptions & { day: string; noonMs: number; isNight: (atMs: number) => boolean },
): JudgedDay {
  const { ratedPowerW, fromMs, toMs } = options;
  const isInside = ({ atMs }: { atMs: number }) => atMs >= fromMs && atMs < toMs;
  const known = believable(points, ratedPowerW);
  const inside = known.filter(isInside);
  const outliers = findOutliers(points, options).filter((flag) => isInside({ atMs: flag.fromMs }));
  const plateaus = findPlateaus(known, options).flatMap((flag) => cutTo(inside, flag));
  const untrue = [...outliers, ...plateaus.filter(({ kind }) => kind !== 'clipped')];
  const measured = inside.filter(
    ({ atMs }) => !untrue.some((flag) => atMs >= flag.fromMs && atMs <= flag.toMs),
  );
  const flags = [...outliers, ...plateaus, ...findGaps(points, options)];
  return {
    flags: flags.sort(
      (a, b) => a.fromMs - b.fromMs || QUALITY_KINDS.indexOf(a.kind) - QUALITY_KINDS.indexOf(b.kind),
    ),
    shape: dayShape(measured, options),
  };
}

/** The part of a spell that lies within the points. */
function cutTo(points: readonly KnownPoint[], flag: QualityFlag): QualityFlag[] {
  const own = points.filter(({ atMs }) => atMs >= flag.fromMs && atMs <= flag.toMs);
  const [first] = own;
  const last = own.at(-1);
  return first && last ? [{ ...flag, fromMs: first.atMs, toMs: last.atMs, count: own.length }] : [];
}
