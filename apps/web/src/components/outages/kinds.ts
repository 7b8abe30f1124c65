import type { OutageKind, PlantChangeEntry } from '#contracts';

/** What the forms offer. Written out, because the schemas of the contracts would bring their checker along. */
export const OUTAGE_KINDS = [
  'planned',
  'grid',
  'curtailment',
  'weather',
  'other',
] as const satisfies readonly OutageKind[];
/** Changes that a person enters; the program notices the other one itself. */
export const PLANT_CHANGES = [
  'repaired',
  'panels_added',
  'inverter_exchanged',
  'capacity_corrected',
  'accepted',
] as const satisfies readonly PlantChangeEntry['kind'][];
