-- Up Migration
-- One table for all outages that are known beforehand or said afterwards; changes of a plant; what was compared of a day.

-- Measured and expected energy of the quarter hours that were compared: what the ratio is of.
alter table station_expected_day add column compared_energy_wh bigint;
alter table station_expected_day add column compared_expected_wh bigint;

-- Days of a station (0008) and stretches of an area (0009) were one idea in two tables.
alter table registered_outage rename to outage_of_days;
alter table outage_of_days rename constraint registered_outage_pkey to outage_of_days_pkey;
alter table outage_of_days drop constraint registered_outage_span;
alter table outage_of_days drop constraint registered_outage_taken_back;
drop index registered_outage_station;

-- A place is known not to generate as usual: new alarms are quiet, days are neither learned nor held against it. Rows are
-- added, ended once where they had no end, and cancelled; never changed otherwise, never taken away.
create table registered_outage (
  id integer primary key generated always as identity,
  -- One of county and station; neither is the city.
  county_code text references county (code),
  station_id integer references station (id),
  kind text not null,
  from_at timestamptz not null,
  -- Null: until somebody says its end.
  to_at timestamptz,
  reason text not null,
  registered_by text not null,
  registered_at timestamptz not null,
  ended_by text,
  ended_at timestamptz,
  cancelled_by text,
  cancelled_at timestamptz,
  -- One action of a person at a screen, however often its form was sent.
  action_key uuid not null default gen_random_uuid() constraint registered_outage_once unique,
  constraint registered_outage_kind check (kind in ('planned', 'grid', 'curtailment', 'weather', 'other')),
  constraint registered_outage_span check (from_at < to_at),
  constraint registered_outage_scope check (county_code is null or station_id is null),
  constraint registered_outage_ended check ((ended_at is null) = (ended_by is null)),
  constraint registered_outage_cancelled check ((cancelled_at is null) = (cancelled_by is null))
);
insert into registered_outage (county_code, station_id, kind, from_at, to_at, reason, registered_by, registered_at,
  cancelled_by, cancelled_at)
select county_code, station_id, kind, from_at, to_at, reason, entered_by, entered_at, cancelled_by, cancelled_at
from (
  select county_code, station_id,
    case kind when 'grid_outage' then 'grid' when 'grid_limit' then 'curtailment' when 'maintenance' then 'planned'
      when 'snow' then 'weather' else 'other' end as kind,
    from_at, to_at, reason, entered_by, entered_at, cancelled_by, cancelled_at
  from planned_outage
  union all
  select null, station_id, 'other', from_day::timestamp at time zone 'Asia/Shanghai',
    to_day::timestamp at time zone 'Asia/Shanghai', reason, entered_by, entered_at, taken_back_by, taken_back_at
  from outage_of_days
) as known
order by entered_at, from_at;
drop table planned_outage, outage_of_days;
create index registered_outage_to on registered_outage (to_at) where cancelled_at is null;
create index registered_outage_from on registered_outage (from_at desc, id desc);

create function registered_outage_keep() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'an outage is cancelled, never taken away' using errcode = 'P0001';
  end if;
  if (new.id, new.county_code, new.station_id, new.kind, new.from_at, new.reason, new.registered_by, new.registered_at,
      new.action_key) is distinct from (old.id, old.county_code, old.station_id, old.kind, old.from_at, old.reason,
      old.registered_by, old.registered_at, old.action_key)
    or (old.to_at is not null and new.to_at is distinct from old.to_at)
    or (old.ended_at is not null and (new.ended_at, new.ended_by) is distinct from (old.ended_at, old.ended_by))
    or (old.cancelled_at is not null
      and (new.cancelled_at, new.cancelled_by) is distinct from (old.cancelled_at, old.cancelled_by)) then
    raise exception 'an outage is ended once and cancelled, nothing else of it changes' using errcode = 'P0001';
  end if;
  return new;
end
$$;
create trigger registered_outage_append_only before update or delete on registered_outage
  for each row execute function registered_outage_keep();

-- A change of a plant: added, cancelled, never taken away; one in force a station and day.
alter table station_epoch drop constraint station_epoch_pkey;
alter table station_epoch add column id integer primary key generated always as identity;
alter table station_epoch add column note text not null default '';
alter table station_epoch add column work_order_id integer references work_order (id);
alter table station_epoch add column cancelled_by text;
alter table station_epoch add column cancelled_at timestamptz;
alter table station_epoch add column action_key uuid not null default gen_random_uuid()
  constraint station_epoch_once unique;
alter table station_epoch drop constraint station_epoch_reason;
alter table station_epoch add constraint station_epoch_reason check (reason in ('repaired', 'panels_added',
  'inverter_exchanged', 'capacity_corrected', 're_powered', 'accepted'));
alter table station_epoch add constraint station_epoch_cancelled
  check ((cancelled_at is null) = (cancelled_by is null));
create unique index station_epoch_one_a_day on station_epoch (station_id, from_day) where cancelled_at is null;

-- The clocks of work orders, minutes; a county's row goes before that of the city (null), and of several in force the one
-- that begins last. A change is a new row, for orders that are opened from its day on.
create table work_order_limit (
  id integer primary key generated always as identity,
  county_code text references county (code),
  effective_from date not null,
  accept_min integer not null,
  arrive_min integer not null,
  repair_minor_min integer not null,
  repair_major_min integer not null,
  close_min integer not null,
  county_after_min integer not null,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint work_order_limit_positive check (least(accept_min, arrive_min, repair_minor_min, repair_major_min,
    close_min, county_after_min) > 0)
);
create index work_order_limit_in_force on work_order_limit (effective_from desc, id desc);

-- Down Migration
drop table work_order_limit;
drop index station_epoch_one_a_day;
delete from station_epoch where cancelled_at is not null;
update station_epoch set reason = 're_powered'
where reason in ('panels_added', 'inverter_exchanged', 'capacity_corrected');
alter table station_epoch drop constraint station_epoch_cancelled;
alter table station_epoch drop constraint station_epoch_reason;
alter table station_epoch add constraint station_epoch_reason check (reason in ('repaired', 're_powered', 'accepted'));
alter table station_epoch drop column action_key;
alter table station_epoch drop column cancelled_at;
alter table station_epoch drop column cancelled_by;
alter table station_epoch drop column work_order_id;
alter table station_epoch drop column note;
alter table station_epoch drop column id;
alter table station_epoch add primary key (station_id, from_day);
alter table registered_outage rename to outage;
alter table outage rename constraint registered_outage_pkey to outage_pkey;
create table planned_outage (
  id integer primary key generated always as identity,
  county_code text references county (code),
  station_id integer references station (id),
  kind text not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  reason text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  cancelled_at timestamptz,
  cancelled_by text,
  constraint planned_outage_kind check (kind in ('grid_outage', 'grid_limit', 'maintenance', 'snow', 'other')),
  constraint planned_outage_span check (from_at < to_at),
  constraint planned_outage_scope check (county_code is null or station_id is null),
  constraint planned_outage_cancelled check ((cancelled_at is null) = (cancelled_by is null))
);
create index planned_outage_to on planned_outage (to_at) where cancelled_at is null;
-- What has no end had one in the table of stretches: far away.
insert into planned_outage (county_code, station_id, kind, from_at, to_at, reason, entered_by, entered_at, cancelled_at,
  cancelled_by)
select county_code, station_id, case kind when 'grid' then 'grid_outage' when 'curtailment' then 'grid_limit'
    when 'planned' then 'maintenance' when 'weather' then 'snow' else 'other' end, from_at,
  coalesce(to_at, greatest(from_at, timestamptz '2100-01-01 00:00+00') + interval '1 day'), reason, registered_by,
  registered_at, cancelled_at, cancelled_by
from outage
order by id;
drop table outage;
drop function registered_outage_keep();
create table registered_outage (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  from_day date not null,
  to_day date,
  reason text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  taken_back_by text,
  taken_back_at timestamptz,
  constraint registered_outage_span check (to_day is null or to_day > from_day),
  constraint registered_outage_taken_back check ((taken_back_at is null) = (taken_back_by is null))
);
create index registered_outage_station on registered_outage (station_id, from_day) where taken_back_at is null;
alter table station_expected_day drop column compared_expected_wh;
alter table station_expected_day drop column compared_energy_wh;
