-- Up Migration
-- How far back readings are kept, and what may be done to a day whose readings are gone (docs/adr/0011).

create table time_series_keeping (
  table_name text primary key,
  -- Readings of earlier Shanghai days are dropped, or about to be.
  dropped_before date,
  -- The Shanghai day for which compressing and dropping ran last, when, and what came of it.
  ran_for_day date,
  ran_at timestamptz,
  outcome jsonb
);
insert into time_series_keeping (table_name) values ('reading');

-- A day is worked out from its own readings and those of up to 35 days on each side (BOUNDARY_DAYS of the roll-up): so
-- far behind the last dropped day nothing can be worked out any more.
create function pv_reach_days() returns integer
language sql immutable
as $$ select 35 $$;

-- Energy whose readings are dropped stays as it is: working it out from what is left would erase it. New readings or
-- decisions for such a day are refused aloud; a mark that only comes from a neighbouring day is left out.
create function pv_keep_dropped_days() returns trigger
language plpgsql
as $$
begin
  if exists (select 1 from time_series_keeping k
      where k.table_name = 'reading' and new.day < k.dropped_before + pv_reach_days()) then
    if new.spreads then
      raise exception 'readings around % are dropped; its energy cannot be worked out again', new.day
        using errcode = 'check_violation', constraint = 'dirty_station_day_kept', table = 'dirty_station_day';
    end if;
    return null;
  end if;
  return new;
end
$$;
create trigger dirty_station_day_kept before insert on dirty_station_day
  for each row execute function pv_keep_dropped_days();

-- The first day before `before` that the roll-up still needs for a station-day that waits for it, or null.
create function pv_first_day_awaited(before date) returns date
language sql stable
as $$
  select min(d.day) - pv_reach_days()
  from dirty_station_day d
  having min(d.day) - pv_reach_days() < before
$$;

-- The first day before `before` with readings of a station that made no day and that ingest did not count, or null.
-- Ingest marks what it counts, so such readings came in bulk and nobody has worked them out.
create function pv_first_day_not_rolled_up(before date) returns date
language sql stable
as $$
  select min(r.day)
  from (
    select distinct d.station_id, (r.measured_at at time zone 'Asia/Shanghai')::date as day
    from reading r
    join device d on d.id = r.device_id
    where r.measured_at < before::timestamp at time zone 'Asia/Shanghai'
      and r.measured_at >= coalesce((
        select k.dropped_before::timestamp at time zone 'Asia/Shanghai'
        from time_series_keeping k
        where k.table_name = 'reading'), '-infinity')
      and (r.energy_total_wh is not null or r.active_power_w is not null)
  ) r
  where not exists (select 1 from station_day s where s.station_id = r.station_id and s.day = r.day)
    and not exists (select 1 from ingest_count c where c.station_id = r.station_id and c.day = r.day)
$$;

-- Drops the readings of the days before `before`: partitions of Shanghai days, or chunks, which are days of UTC, so that
-- of the last day up to sixteen hours stay for one day more. Returns how many parts went.
create function pv_drop_days_before(table_name text, before date) returns integer
language plpgsql
as $$
declare
  part record;
  parts integer := 0;
begin
  if not pv_is_partitioned(table_name) then
    execute 'select count(*)::int from drop_chunks($1::regclass, older_than => $2)'
      into parts using table_name, before::timestamp at time zone 'Asia/Shanghai';
    return parts;
  end if;
  for part in
    select i.inhrelid::regclass as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = table_name::regclass
      and to_date(right(c.relname, 8), 'YYYYMMDD') < before
    order by c.relname
  loop
    execute format('drop table %s', part.name);
    parts := parts + 1;
  end loop;
  return parts;
end
$$;

-- Down Migration
drop function pv_drop_days_before(text, date);
drop function pv_first_day_not_rolled_up(date);
drop function pv_first_day_awaited(date);
drop trigger dirty_station_day_kept on dirty_station_day;
drop function pv_keep_dropped_days();
drop function pv_reach_days();
drop table time_series_keeping;
