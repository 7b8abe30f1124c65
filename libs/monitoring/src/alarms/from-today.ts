import { dayOf } from '#domain';
import { ProblemError, type Clock } from '#platform';

/** A dated rule begins today at the earliest: what was judged was judged by what was in force. @throws 422 `alarm.past_day` */
export function requireFromToday(day: string, clock: Clock): void {
  const today = dayOf(clock.nowMs());
  if (day < today)
    throw new ProblemError(
      422,
      'alarm.past_day',
      `the past stays as it was: from ${today} on at the earliest`,
    );
}
