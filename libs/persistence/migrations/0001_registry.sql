-- Up Migration
-- The registry: areas, villages, stations, devices, and rights by date (domain.md section 7, 1-6).
-- Dated rows are half-open: effective_from <= day < effective_to; an open end is null.

create table county (
  code text primary key,
  name text not null,
  seat_longitude double precision not null,
  seat_latitude double precision not null
);

create table township (
  code text primary key,
  county_code text not null references county (code),
  name text not null
);

create table village (
  code text primary key,
  township_code text not null references township (code),
  name text not null,
  households integer not null,
  posts integer not null,
  successor_code text references village (code),
  merged_on date,
  simulated boolean not null,
  constraint village_households_not_negative check (households >= 0),
  constraint village_posts_not_negative check (posts >= 0),
  constraint village_successor_with_date check ((successor_code is null) = (merged_on is null))
);

create table station (
  id integer primary key generated always as identity,
  code text not null constraint station_code_unique unique,
  name text not null,
  kind text not null constraint station_kind check (kind in ('single', 'joint')),
  township_code text not null references township (code),
  longitude double precision not null,
  latitude double precision not null,
  coordinate_system text not null default 'WGS-84',
  capacity_w bigint not null,
  rated_ac_w bigint not null,
  tilt_deg real not null,
  azimuth_deg real not null,
  commissioned_on date not null,
  subsidy_class text not null constraint station_subsidy_class check (subsidy_class in ('national', 'local', 'none')),
  simulated boolean not null,
  -- Above 10,000 kW a village or joint station is a mistaken unit (domain.md A1) until somebody confirms it.
  constraint station_capacity_range check (capacity_w between 1000 and 10000000)
);
create index station_township on station (township_code);

create table catalogue_project (
  code text primary key,
  station_id integer not null references station (id),
  registered_w bigint not null,
  constraint catalogue_project_registered_positive check (registered_w > 0)
);

create table gateway (
  station_id integer not null references station (id),
  code text not null,
  serial text not null,
  primary key (station_id, code)
);

create table device (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  code text not null,
  kind text not null constraint device_kind check (kind in ('inverter', 'meter')),
  serial text not null,
  model text,
  rated_power_w integer not null,
  string_count smallint,
  gateway_code text,
  constraint device_code_unique unique (station_id, code),
  constraint device_gateway foreign key (station_id, gateway_code) references gateway (station_id, code),
  constraint device_rated_positive check (rated_power_w > 0)
);

create table grid_account (
  account_no text primary key,
  station_id integer not null references station (id),
  meter_id integer references device (id),
  account_name text not null
);

-- Shares are exact fractions; the sum of one on every date is enforced with the settlement rules.
create table asset_share (
  station_id integer not null references station (id),
  village_code text not null references village (code),
  numerator bigint not null,
  denominator bigint not null,
  effective_from date not null,
  effective_to date,
  primary key (station_id, village_code, effective_from),
  constraint asset_share_fraction check (numerator >= 0 and denominator > 0 and numerator <= denominator),
  constraint asset_share_dates check (effective_to is null or effective_to > effective_from)
);
create index asset_share_village on asset_share (village_code);

create table revenue_share (
  station_id integer not null references station (id),
  village_code text not null references village (code),
  numerator bigint not null,
  denominator bigint not null,
  basis text not null constraint revenue_share_basis check (basis in ('capacity', 'households', 'population', 'fixed')),
  effective_from date not null,
  effective_to date,
  primary key (station_id, village_code, effective_from),
  constraint revenue_share_fraction check (numerator >= 0 and denominator > 0 and numerator <= denominator),
  constraint revenue_share_dates check (effective_to is null or effective_to > effective_from)
);
create index revenue_share_village on revenue_share (village_code);

-- Price components of a station by date, whole hao (1/10,000 yuan) a kWh, tax included.
create table tariff (
  station_id integer not null references station (id),
  component text not null,
  price_hao_per_kwh integer not null,
  effective_from date not null,
  effective_to date,
  primary key (station_id, component, effective_from),
  constraint tariff_dates check (effective_to is null or effective_to > effective_from)
);

-- 光伏+: what grows or grazes on the land of a station.
create table agri_project (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  name text not null,
  crop text not null,
  land_mu numeric(10, 2) not null,
  started_on date not null,
  ended_on date,
  constraint agri_project_land_positive check (land_mu > 0),
  constraint agri_project_name_unique unique (station_id, name)
);

-- Money that was settled before this ledger began, by station, so that headline totals have a source.
create table opening_settlement (
  station_id integer primary key references station (id),
  settled_fen bigint not null,
  as_of_day date not null,
  definition text not null,
  constraint opening_settlement_not_negative check (settled_fen >= 0)
);

-- Facts of this installation: seed of the registry, first start, version of the simulated history.
create table installation (
  key text primary key,
  value jsonb not null
);

-- Down Migration
drop table installation, opening_settlement, agri_project, tariff, revenue_share, asset_share, grid_account, device,
  gateway, catalogue_project, station, village, township, county;
