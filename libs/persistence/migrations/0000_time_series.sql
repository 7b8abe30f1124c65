-- Up Migration
-- The one place in SQL that knows which engine keeps the time series (docs/adr/0003): a hypertable where the
-- TimescaleDB extension is installed, native range partitions by Shanghai days elsewhere.

create function pv_has_timescale() returns boolean
language sql stable
as $$ select exists (select 1 from pg_extension where extname = 'timescaledb') $$;

create function pv_create_time_series(table_name text, time_column text, columns text) returns void
language plpgsql
as $$
begin
  if pv_has_timescale() then
    execute format('create table %I (%s)', table_name, columns);
    -- Without the index on time alone that it adds by itself: chunks of a day do that work, and writes would pay.
    perform create_hypertable(table_name::regclass, time_column::name, chunk_time_interval => interval '1 day',
      create_default_indexes => false);
  else
    execute format('create table %I (%s) partition by range (%I)', table_name, columns, time_column);
  end if;
end
$$;

-- Native partitions or a hypertable? Asked of the table and not of the server: a table that was partitioned before
-- the extension came stays so.
create function pv_is_partitioned(table_name text) returns boolean
language sql stable
as $$ select exists (select 1 from pg_partitioned_table where partrelid = table_name::regclass) $$;

-- Makes room for a Shanghai day. Safe to call from several sessions at once; does nothing for a hypertable.
create function pv_ensure_day(table_name text, day date) returns void
language plpgsql
as $$
declare
  partition_name text := table_name || '_' || to_char(day, 'YYYYMMDD');
begin
  if not pv_is_partitioned(table_name) or to_regclass(partition_name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('pv_ensure_day'));
  execute format('create table if not exists %I partition of %I for values from (%L) to (%L)', partition_name, table_name,
    day::timestamp at time zone 'Asia/Shanghai', (day + 1)::timestamp at time zone 'Asia/Shanghai');
end
$$;

-- Down Migration
drop function pv_ensure_day(text, date);
drop function pv_is_partitioned(text);
drop function pv_create_time_series(text, text, text);
drop function pv_has_timescale();
