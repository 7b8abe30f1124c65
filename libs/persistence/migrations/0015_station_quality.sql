-- Up Migration
-- What is doubtful of a station and Shanghai day, a row a flag: summed up from the spells of its devices, its readings,
-- refusals, counters and energy. Derived: the flags of a day are replaced as a whole.

create table station_quality_day (
  station_id integer not null references station (id),
  day date not null,
  -- The rules that judged it.
  version smallint not null,
  -- What it was judged from, as text; where that is another one now, the day is judged again.
  mark text not null,
  judged_at timestamptz not null,
  -- Energy that rests on at least one flag; null where none is known.
  touched_wh bigint,
  primary key (station_id, day),
  constraint station_quality_day_touched check (touched_wh >= 0)
);
create index station_quality_day_day on station_quality_day (day);

create table station_quality_flag (
  station_id integer not null references station (id),
  day date not null,
  flag text not null,
  version smallint not null,
  -- Values, readings, quarter hours, events or devices; which of them, the flag says.
  count integer not null,
  device_codes text[] not null,
  -- First and last instant, both included; null where only the day is known.
  first_at timestamptz,
  last_at timestamptz,
  -- Energy that rests on it; null where that is not known.
  touched_wh bigint,
  -- Figures by name: offsetS of a shift, factor of a level, leastDelayMs of a clock, kinds of what is counted.
  detail jsonb not null,
  primary key (station_id, day, flag),
  constraint station_quality_flag_flag check (flag in ('gap', 'stale', 'interpolated', 'outlier', 'clipped', 'shift',
    'level_shift', 'clock', 'no_time', 'field_rejected', 'null_field', 'second_value', 'refused', 'counter',
    'estimated', 'incomplete')),
  constraint station_quality_flag_count check (count > 0),
  constraint station_quality_flag_span check ((first_at is null) = (last_at is null) and first_at <= last_at),
  constraint station_quality_flag_touched check (touched_wh >= 0)
);
create index station_quality_flag_day on station_quality_flag (day, flag);

-- When the level of a station's daily energy was last looked at: once a day.
create table station_quality_level (
  station_id integer primary key references station (id),
  looked_day date not null,
  version smallint not null
);

-- Down Migration
drop table station_quality_level, station_quality_flag, station_quality_day;
