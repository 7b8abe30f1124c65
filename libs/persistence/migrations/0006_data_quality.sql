-- Up Migration
-- What the series of a device are worth, a Shanghai day: derived from the readings, replaced as a whole.

-- Station-days that were judged, by the roll-up that they were judged after. A later roll-up means new readings.
create table data_quality_day (
  station_id integer not null references station (id),
  day date not null,
  rolled_up_at timestamptz not null,
  primary key (station_id, day)
);
create index station_day_computed on station_day (computed_at);

-- What the power of a day says of the clock of the device, in seconds after solar noon; null where it says nothing.
create table data_quality_shape (
  device_id integer not null references device (id),
  day date not null,
  middle_off_s integer,
  weight_off_s integer,
  night_count integer not null,
  primary key (device_id, day)
);

create table data_quality_flag (
  device_id integer not null references device (id),
  day date not null,
  kind text not null,
  -- First and last instant of the spell, both included. A shift begins on the first day it was seen on.
  from_at timestamptz not null,
  to_at timestamptz not null,
  -- Values; of a gap those that are missing in daylight; of a shift the clear days it was seen on.
  count integer not null,
  -- Of a shift: how far the stamps are ahead of the sun.
  offset_s integer,
  primary key (device_id, day, kind, from_at),
  constraint data_quality_flag_kind check (kind in ('outlier', 'stale', 'interpolated', 'clipped', 'gap', 'shift')),
  constraint data_quality_flag_span check (from_at <= to_at),
  constraint data_quality_flag_count check (count > 0),
  constraint data_quality_flag_offset check ((kind = 'shift') = (offset_s is not null))
);
create index data_quality_flag_day on data_quality_flag (day, kind);

-- Down Migration
drop table data_quality_flag, data_quality_shape, data_quality_day;
drop index station_day_computed;
