import type { WorkOrderSummary } from '#contracts';
import { onScopeDispose, ref } from 'vue';
import { formatDuration } from '../../format/time.ts';
import { locale } from '../../state/preferences.ts';
import { useFormat } from '../../state/useFormat.ts';
import { dueInMs, orderNowMs } from './orderWords.ts';

const TICK_MS = 10_000;

/** The clock of an order in words, such as "repair: due in 3 h". */
export function useOrderClock() {
  const { t } = useFormat();
  const tick = ref(0);
  const timer = setInterval(() => (tick.value += 1), TICK_MS);
  onScopeDispose(() => clearInterval(timer));
  function dueText(order: Pick<WorkOrderSummary, 'due' | 'state'>): { text: string; isLate: boolean } {
    const leftMs = tick.value >= 0 ? dueInMs(order, orderNowMs()) : null;
    if (leftMs === null || order.due === null) {
      const isEnded = order.state === 'closed' || order.state === 'cancelled';
      return { text: t(isEnded ? 'workOrders.ended' : 'workOrders.noClock'), isLate: false };
    }
    const words = {
      clock: t(`workOrders.clock.${order.due.clock}`),
      time: formatDuration(Math.abs(leftMs), locale.value),
    };
    return { text: t(leftMs < 0 ? 'workOrders.overdueBy' : 'workOrders.dueIn', words), isLate: leftMs < 0 };
  }
  return { dueText };
}
