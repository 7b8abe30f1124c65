import { computed, shallowRef, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Permission } from '#domain';
import type { ShownProblem } from '../api/http.ts';
import { session } from './account.ts';

/**
 * What may not be changed, as far as the server has said so: the role of who is logged in tells it, else no page knows it
 * before it has tried. A refusal of one area
 * rests the buttons of that area; who is not known at all, or sits at another machine, changes nothing anywhere.
 */
export type WriteArea =
  | 'alarms'
  | 'settings'
  | 'outages'
  | 'workOrders'
  | 'data'
  | 'testbench'
  | 'settlementMake'
  | 'settlementCheck'
  | 'settlementConfigure'
  | 'reports'
  | 'checks';

const refusals = shallowRef<ReadonlyMap<WriteArea | 'everything', ShownProblem>>(new Map());
const isOfEverything = ({ status, code }: ShownProblem) => status === 401 || code === 'request.only_local';

/** Keeps an answer that says who asks may not do this; any other answer is none of this module's. */
export function noteRefusal(area: WriteArea, problem: ShownProblem): void {
  if (problem.status !== 401 && problem.status !== 403) return;
  refusals.value = new Map(refusals.value).set(isOfEverything(problem) ? 'everything' : area, problem);
}

/** One of them is enough to change something of the area; the server knows of which thing. */
const PERMISSIONS_OF: Readonly<Record<WriteArea, readonly Permission[]>> = {
  alarms: ['alarm.handle'],
  settings: ['alarm.configure', 'work_order.plan'],
  outages: ['alarm.configure'],
  workOrders: ['work_order.handle', 'work_order.plan'],
  testbench: ['testbench.run'],
  data: ['ingest.review', 'counter.review', 'registry.write'],
  settlementMake: ['settlement.make'],
  settlementCheck: ['settlement.check'],
  settlementConfigure: ['settlement.configure'],
  reports: ['report.make'],
  checks: ['finding.close'],
};

/** What the session says of an area; null where it allows it, or leaves it open (who sits at which machine). */
function knownRefusal(area: WriteArea): ShownProblem | null {
  const known = session.value;
  if (known === null || (known.account === null && known.access === 'open')) return null;
  if (PERMISSIONS_OF[area].some((permission) => known.permissions.includes(permission))) return null;
  const [status, code] = known.account === null ? [401, 'access.login_needed'] : [403, 'access.not_allowed'];
  return { code, status, title: '', detail: null, reference: null };
}

/** Why changes of an area are refused; null as far as nobody has tried. */
export const refusalOf = (area: WriteArea): ShownProblem | null =>
  knownRefusal(area) ?? refusals.value.get('everything') ?? refusals.value.get(area) ?? null;

/** A change was taken: whatever was refused before is worth another try. */
export function noteTaken(area: WriteArea): void {
  if (!refusals.value.has(area) && !refusals.value.has('everything')) return;
  const left = new Map(refusals.value);
  left.delete(area);
  left.delete('everything');
  refusals.value = left;
}

/** Whether changes of an area are refused, why in words, and a way to try again, as after logging in. */
export function useWriting(area: WriteArea): {
  isDenied: ComputedRef<boolean>;
  reason: ComputedRef<string>;
  needsLogin: ComputedRef<boolean>;
  tryAgain: () => void;
} {
  const { t } = useI18n();
  const refusal = computed(() => refusalOf(area));
  const reason = computed(() => {
    if (refusal.value === null) return '';
    if (refusal.value.code === 'request.only_local') return t('writing.onlyLocal');
    return t(refusal.value.status === 401 ? 'writing.unknown' : 'writing.forbidden');
  });
  return {
    isDenied: computed(() => refusal.value !== null),
    reason,
    needsLogin: computed(() => refusal.value?.status === 401),
    tryAgain: () => noteTaken(area),
  };
}
