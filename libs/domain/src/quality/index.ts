export { judgePowerDay, type JudgedDay } from './data-quality.ts';
export type { DayShape } from './day-shape.ts';
export { reportIntervalMs } from './gaps.ts';
export { findLevelShifts, type DayValue, type LevelShift } from './level-shift.ts';
export { isImpossiblePower } from './outliers.ts';
export * from './quality-types.ts';
export { SHIFT_WINDOW_DAYS } from './quality-limits.ts';
export { sunLight, type SunLight } from './sun-light.ts';
export { timeShiftOf, type TimeShift } from './time-shift.ts';
