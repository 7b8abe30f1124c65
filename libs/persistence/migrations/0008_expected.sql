-- Up Migration
-- What each station should have made, how sure that is, and what is missing (docs/EXPECTED-OUTPUT.md). All of it is
-- derived from quarter hours and the registry and can be worked out again; only epochs and outages are entered.

-- The model of a station under a cloudless sky, as it is in force.
create table station_model (
  station_id integer primary key references station (id),
  version text not null,
  fitted_at timestamptz not null,
  -- Last day whose quarter hours the fit has seen, and the power that it was fitted for.
  fitted_day date not null,
  capacity_w bigint not null,
  model jsonb not null
);

-- Neighbours that tell the sky over a station.
create table station_peer (
  station_id integer not null references station (id),
  peer_id integer not null references station (id),
  distance_km real not null,
  -- Robust deviation of the daily ln ratio of the two; null until 30 days are known.
  sigma real,
  weighed_at timestamptz not null,
  primary key (station_id, peer_id),
  constraint station_peer_other check (station_id <> peer_id)
);

-- What is remembered of a station at the end of a day: `memory` is plain JSON with its own version. Kept for every one of
-- the last days and once a week before, so that late readings are folded again from near.
create table station_expected_memory (
  day date not null,
  station_id integer not null references station (id),
  version text not null,
  memory jsonb not null,
  primary key (day, station_id)
);

-- What is remembered of the fleet at the end of a day.
create table fleet_expected_day (
  day date primary key,
  version text not null,
  bands jsonb not null,
  stations integer not null,
  judged integer not null,
  took_ms integer not null,
  folded_at timestamptz not null
);

create table station_expected_day (
  station_id integer not null references station (id),
  day date not null,
  version text not null,
  -- Null where the day is not judged. Today: of the day so far.
  expected_energy_wh bigint,
  low_energy_wh bigint,
  high_energy_wh bigint,
  -- The energy that it was compared with (station_day at that time), and when that was worked out.
  energy_wh bigint,
  energy_computed_at timestamptz,
  sky_class text,
  sky_index real,
  spread real,
  peers smallint not null,
  -- Measured over expected energy of the quarter hours that were compared, and its logarithm in sigmas of such a day.
  ratio real,
  sigma real,
  -- The station's own mean clear-sky index, for the weights of its neighbours.
  own_index real,
  verdict text not null,
  -- First day of the loss that goes on; null where there is none.
  since_day date,
  cause text,
  evidence jsonb not null,
  indicators jsonb not null,
  lost_energy_wh bigint,
  lost_amount_fen bigint,
  is_final boolean not null,
  computed_at timestamptz not null,
  primary key (station_id, day),
  constraint station_expected_day_sky check (sky_class in ('overcast', 'cloudy', 'broken', 'mostly_clear', 'clear')),
  constraint station_expected_day_verdict check (verdict in ('normal', 'watch', 'low', 'very_low', 'zero', 'excluded',
    'learning', 'not_judged')),
  constraint station_expected_day_band check (low_energy_wh <= expected_energy_wh and expected_energy_wh <= high_energy_wh),
  constraint station_expected_day_together check ((expected_energy_wh is null) = (low_energy_wh is null)
    and (expected_energy_wh is null) = (high_energy_wh is null)),
  constraint station_expected_day_loss check (lost_energy_wh >= 0 and lost_amount_fen >= 0)
);
create index station_expected_day_day on station_expected_day (day, station_id);

-- Quarter hours from 04:00 to 21:00 in Shanghai, 68 of them; a null element is not known.
create table station_expected_curve (
  station_id integer not null references station (id),
  day date not null,
  first_slot_at timestamptz not null,
  expected_power_w integer[] not null,
  low_power_w integer[] not null,
  high_power_w integer[] not null,
  neighbours_power_w integer[] not null,
  computed_at timestamptz not null,
  primary key (station_id, day),
  constraint station_expected_curve_slots check (cardinality(expected_power_w) = 68 and cardinality(low_power_w) = 68
    and cardinality(high_power_w) = 68 and cardinality(neighbours_power_w) = 68)
);
create index station_expected_curve_day on station_expected_curve (day);

-- A repair, a re-powering, or a loss that somebody accepts: what was learned of the station before no longer holds.
create table station_epoch (
  station_id integer not null references station (id),
  from_day date not null,
  reason text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  primary key (station_id, from_day),
  constraint station_epoch_reason check (reason in ('repaired', 're_powered', 'accepted'))
);

-- Days on which a station is known not to generate: shown, but neither learned nor counted against it.
create table registered_outage (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  from_day date not null,
  -- The first day after it; null while it lasts.
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

-- Down Migration
drop table registered_outage, station_epoch, station_expected_curve, station_expected_day, fleet_expected_day,
  station_expected_memory, station_peer, station_model;
