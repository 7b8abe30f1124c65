/**
 * What was wrong, and who answers for it. The line is the meter (domain.md 3.1, rule of 永新): the grid company in front
 * of it, the operation company behind it; land, trees and people around the modules are the village's.
 */
export type ResponsibleSide = 'grid' | 'operator' | 'village';

const PLACES = {
  grid_outage: 'before_meter',
  grid_voltage: 'before_meter',
  grid_limit: 'before_meter',
  meter: 'before_meter',
  breaker: 'behind_meter',
  inverter: 'behind_meter',
  string: 'behind_meter',
  module: 'behind_meter',
  cable: 'behind_meter',
  communication: 'behind_meter',
  soiling: 'behind_meter',
  vegetation: 'around',
  theft: 'around',
  animals: 'around',
  weather: 'anywhere',
  nothing_found: 'anywhere',
  other: 'anywhere',
} as const;

export type WorkOrderCause = keyof typeof PLACES;
export const WORK_ORDER_CAUSES = [
  'grid_outage',
  'grid_voltage',
  'grid_limit',
  'meter',
  'breaker',
  'inverter',
  'string',
  'module',
  'cable',
  'communication',
  'soiling',
  'vegetation',
  'theft',
  'animals',
  'weather',
  'nothing_found',
  'other',
] as const satisfies readonly WorkOrderCause[];

/** The sides that may answer for a cause, the likeliest first. */
export function sidesOf(cause: WorkOrderCause): readonly ResponsibleSide[] {
  switch (PLACES[cause]) {
    case 'before_meter':
      return ['grid'];
    case 'behind_meter':
      return ['operator', 'village'];
    case 'around':
      return ['village', 'operator'];
    case 'anywhere':
      return ['operator', 'grid', 'village'];
  }
}
