with message as materialized (
  select split_part(topic, '/', 3) as station, split_part(topic, '/', 4) as sender, payload::jsonb as body
  from staging
), field as (
  select m.station, d.key as device, m.body -> 'ts' as ts, m.body -> 'seq' as seq, d.value as f
  from message m
  cross join lateral jsonb_each(coalesce(m.body -> 'devices', jsonb_build_object(m.sender, m.body))) d
)
insert into reading (device_id, measured_at, received_at, active_power_w, energy_total_wh, energy_day_wh, temperature_dc,
  frequency_chz, string_voltages_dv, string_currents_ca, status, seq)
select d.id, to_timestamp(ts::float8 / 1000), now(), round((f -> 'active_power_kw')::numeric * 1000)::int,
  round((f -> 'energy_total_kwh')::numeric * 1000)::bigint, round((f -> 'energy_day_kwh')::numeric * 1000)::int,
  round((f -> 'temperature_c')::numeric * 10)::smallint, round((f -> 'frequency_hz')::numeric * 100)::smallint,
  (select array_agg(round((e -> 'voltage_v')::numeric * 10)::smallint) from jsonb_array_elements(f -> 'strings') e),
  (select array_agg(round((e -> 'current_a')::numeric * 100)::smallint) from jsonb_array_elements(f -> 'strings') e),
  case f ->> 'status' when 'running' then 1 else 4 end, seq::bigint
from field
join station s on s.code = station
join device d on d.station_id = s.id and d.code = device
on conflict (device_id, measured_at) do nothing;
truncate staging;
