import { sql, type Queryable } from '#persistence';

/** The delay of messages is judged an hour at a time: the least of an hour is the way plus the error of the clock. */
const WINDOW_MS = 3_600_000;
/** Smaller news is not worth a write. */
const WORTH_WRITING_MS = 1000;
/** Longer delays are those of a backlog, which shrink with each message and say nothing of the clock. */
const BACKLOG_MS = 15 * 60_000;

interface Window {
  hourAtMs: number;
  leastDelayMs: number;
}

/**
 * How far the clocks of devices are from ours. The least delay of an hour's messages is what the clock adds or takes:
 * a back-fill only ever adds. Written now and then, beside the path of the readings.
 */
export class DeviceClocks {
  private readonly windows = new Map<number, Window>();
  private readonly changed = new Set<number>();

  /** @param nowMs of the clock that stamps receipts. */
  constructor(private readonly nowMs: () => number) {}

  note(delays: readonly { deviceId: number; delayMs: number }[]): void {
    const hourAtMs = Math.floor(this.nowMs() / WINDOW_MS) * WINDOW_MS;
    for (const { deviceId, delayMs } of delays) {
      const window = this.windows.get(deviceId);
      const isOld = delayMs > (window?.leastDelayMs ?? Infinity) - WORTH_WRITING_MS || delayMs > BACKLOG_MS;
      if (window?.hourAtMs === hourAtMs && isOld) continue;
      this.windows.set(deviceId, { hourAtMs, leastDelayMs: delayMs });
      this.changed.add(deviceId);
    }
  }

  /** Writes what is new since the last time. */
  async store(database: Queryable): Promise<void> {
    const deviceIds = [...this.changed].toSorted((a, b) => a - b);
    this.changed.clear();
    if (deviceIds.length === 0) return;
    const windows = deviceIds.flatMap((deviceId) => {
      const window = this.windows.get(deviceId);
      return window ? [{ deviceId, ...window }] : [];
    });
    await database.query(sql`
      insert into device_clock as c (device_id, hour_at, least_delay_ms)
      select * from unnest(
        ${windows.map(({ deviceId }) => deviceId)}::int[],
        ${windows.map(({ hourAtMs }) => new Date(hourAtMs).toISOString())}::timestamptz[],
        ${windows.map(({ leastDelayMs }) => leastDelayMs)}::bigint[])
      order by 1
      on conflict (device_id) do update set
        last_least_delay_ms = case when c.hour_at < excluded.hour_at then c.least_delay_ms else c.last_least_delay_ms end,
        least_delay_ms = case when c.hour_at < excluded.hour_at then excluded.least_delay_ms
          else least(c.least_delay_ms, excluded.least_delay_ms) end,
        hour_at = greatest(c.hour_at, excluded.hour_at)`);
  }
}
