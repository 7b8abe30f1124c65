-- Up Migration
-- Readings and what is derived from them. Scaled integers: W, Wh, 0.1 degrees, 0.01 Hz, 0.1 V, 0.01 A.
-- `reading` is a hypertable on TimescaleDB and partitioned by Shanghai days elsewhere; see persistence/time-series.

select pv_create_time_series('reading', 'measured_at', $columns$
  device_id integer not null,
  measured_at timestamptz not null,
  received_at timestamptz not null,
  active_power_w integer,
  energy_total_wh bigint,
  energy_day_wh integer,
  temperature_dc smallint,
  frequency_chz smallint,
  line_voltages_dv smallint[],
  phase_currents_ca integer[],
  string_voltages_dv smallint[],
  string_currents_ca smallint[],
  status smallint,
  fault_code text,
  seq bigint,
  flags integer not null default 0,
  primary key (device_id, measured_at)
$columns$);

-- "Now" of every device; moves forward only.
create table latest_reading (
  device_id integer primary key references device (id),
  measured_at timestamptz not null,
  received_at timestamptz not null,
  active_power_w integer,
  energy_total_wh bigint,
  energy_day_wh integer,
  temperature_dc smallint,
  status smallint,
  fault_code text,
  flags integer not null default 0
);

-- When a station, by its gateway or any device, was last heard.
create table station_contact (
  station_id integer primary key references station (id),
  received_at timestamptz not null
);

-- What the broker last said of a gateway: its own word, or its last will.
create table gateway_status (
  station_id integer not null,
  gateway_code text not null,
  online boolean not null,
  changed_at timestamptz not null,
  primary key (station_id, gateway_code),
  constraint gateway_status_gateway foreign key (station_id, gateway_code) references gateway (station_id, code)
);

create table quarantine_message (
  id bigint primary key generated always as identity,
  received_at timestamptz not null,
  topic text not null,
  payload bytea not null,
  reason text not null,
  detail text not null,
  -- The same bytes for the same reason are one row that counts: a broker delivers again, a broken device repeats itself.
  hash bytea not null constraint quarantine_message_once unique,
  times bigint not null default 1,
  last_received_at timestamptz not null,
  constraint quarantine_message_reason check (reason in ('unparsable', 'not_utf8', 'too_large', 'unknown_device',
    'unknown_topic', 'future', 'too_old', 'before_commissioning', 'schema', 'conflict', 'other'))
);
create index quarantine_message_received on quarantine_message (last_received_at desc);

-- What was received, a station and Shanghai day of measurement.
create table ingest_count (
  station_id integer not null references station (id),
  day date not null,
  accepted bigint not null default 0,
  duplicate bigint not null default 0,
  primary key (station_id, day)
);

-- Station-days whose energy has to be worked out again; the worker takes the oldest first.
-- Generations never start again, so that a slow worker cannot strike off a mark that it has not seen.
create sequence dirty_generation;
create table dirty_station_day (
  station_id integer not null references station (id),
  day date not null,
  marked_at timestamptz not null,
  generation bigint not null default nextval('dirty_generation'),
  -- Readings came in: the days beside it may change too. A day that was marked for its neighbour does not go on.
  spreads boolean not null default true,
  primary key (station_id, day)
);
create index dirty_station_day_marked on dirty_station_day (marked_at);

create table device_day (
  device_id integer not null references device (id),
  day date not null,
  energy_wh bigint not null,
  method text not null,
  quality text not null,
  computed_at timestamptz not null,
  primary key (device_id, day)
);

create table station_quarter_hour (
  station_id integer not null references station (id),
  starts_at timestamptz not null,
  energy_wh bigint not null,
  method text not null,
  quality text not null,
  primary key (station_id, starts_at)
);
create index station_quarter_hour_starts on station_quarter_hour (starts_at);

create table station_day (
  station_id integer not null references station (id),
  day date not null,
  energy_wh bigint not null,
  method text not null constraint station_day_method check (method in ('meter_counter', 'inverter_counter',
    'power_integral', 'simulated')),
  quality text not null constraint station_day_quality check (quality in ('measured', 'estimated', 'incomplete',
    'none')),
  computed_at timestamptz not null,
  primary key (station_id, day)
);
create index station_day_day on station_day (day);

-- What a station is doing and since when, judged by the worker; one row a station.
create table station_state (
  station_id integer primary key references station (id),
  state text not null,
  since timestamptz not null,
  judged_at timestamptz not null
);

-- Signs of life of the programs, with a few figures each.
create table program_heartbeat (
  program text not null,
  instance text not null,
  recorded_at timestamptz not null,
  detail jsonb not null,
  primary key (program, instance)
);

-- Down Migration
drop table program_heartbeat, station_state, station_day, station_quarter_hour, device_day, dirty_station_day, ingest_count, quarantine_message,
  gateway_status, station_contact, latest_reading, reading;
drop sequence dirty_generation;
