import { dayOf } from '#domain';
import { sql, type Queryable } from '#persistence';

export interface GatewayChange {
  stationId: number;
  gatewayCode: string;
  online: boolean;
  receivedAtMs: number;
  /** The gateway itself spoke just now: neither its last will nor a retained word of an unknown time. */
  isContact: boolean;
}

export async function writeGatewayChanges(
  transaction: Queryable,
  changes: readonly GatewayChange[],
): Promise<void> {
  // The last word of a batch counts; the order of arrival decides between two at the same instant.
  const last = new Map(changes.map((change) => [`${change.stationId}/${change.gatewayCode}`, change]));
  const rows = [...last.values()];
  await transaction.query(sql`
    insert into gateway_status as g (station_id, gateway_code, online, changed_at)
    select station_id, gateway_code, online, changed_at
    from unnest(
      ${rows.map((row) => row.stationId)}::int[], ${rows.map((row) => row.gatewayCode)}::text[],
      ${rows.map((row) => row.online)}::boolean[],
      ${rows.map((row) => new Date(row.receivedAtMs).toISOString())}::timestamptz[]
    ) as u (station_id, gateway_code, online, changed_at)
    order by station_id, gateway_code
    on conflict (station_id, gateway_code) do update set online = excluded.online, changed_at = excluded.changed_at
    where g.online <> excluded.online`);
  const contacts = changes.filter(({ isContact }) => isContact);
  if (contacts.length === 0) return;
  await transaction.query(sql`
    insert into station_contact as c (station_id, received_at)
    select station_id, max(received_at)
    from unnest(
      ${contacts.map((row) => row.stationId)}::int[],
      ${contacts.map((row) => new Date(row.receivedAtMs).toISOString())}::timestamptz[]
    ) as u (station_id, received_at)
    group by station_id
    order by station_id
    on conflict (station_id) do update set received_at = excluded.received_at
    where c.received_at < excluded.received_at`);
  await countConnects(transaction, contacts);
}

async function countConnects(transaction: Queryable, contacts: readonly GatewayChange[]): Promise<void> {
  await transaction.query(sql`
    insert into gateway_connect_day as c (station_id, gateway_code, day, times)
    select station_id, gateway_code, day, count(*)
    from unnest(
      ${contacts.map((row) => row.stationId)}::int[], ${contacts.map((row) => row.gatewayCode)}::text[],
      ${contacts.map((row) => dayOf(row.receivedAtMs))}::date[]
    ) as u (station_id, gateway_code, day)
    group by station_id, gateway_code, day
    order by station_id, gateway_code, day
    on conflict (station_id, gateway_code, day) do update set times = c.times + excluded.times`);
}
