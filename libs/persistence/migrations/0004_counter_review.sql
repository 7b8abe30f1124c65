-- Up Migration
-- What counters did besides counting, what a person decided about it, and signed facts of devices.

-- The register of a device wraps at this value; null where it is not known.
alter table device add column counter_modulus_wh bigint constraint device_counter_modulus_positive
  check (counter_modulus_wh > 0);

-- Derived by the roll-up: the set of a device and Shanghai day is replaced as a whole.
create table counter_event (
  device_id integer not null references device (id),
  kind text not null,
  at timestamptz not null,
  day date not null,
  from_wh bigint,
  to_wh bigint,
  energy_wh bigint not null,
  decided boolean not null,
  primary key (device_id, kind, at),
  constraint counter_event_kind check (kind in ('jitter', 'zero_frame', 'reset', 'wrap', 'exchange', 'moved',
    'implausible_step', 'frozen', 'scale_change', 'night_output'))
);
create index counter_event_day on counter_event (device_id, day);

-- What a person should look at. open -> fixed | dismissed by a signed decision, and back when it is taken back;
-- open -> gone when the readings no longer show it, and back when they do.
create table counter_proposal (
  id integer primary key generated always as identity,
  device_id integer not null references device (id),
  kind text not null,
  at timestamptz not null,
  day date not null,
  from_wh bigint,
  to_wh bigint,
  -- The next readings may still decide it.
  is_waiting boolean not null,
  -- [{ "fix": ..., "effectWh": ... }], the likeliest first; empty where there is nothing to choose.
  choices jsonb not null,
  state text not null default 'open',
  first_seen_at timestamptz not null,
  constraint counter_proposal_once unique (device_id, kind, at),
  constraint counter_proposal_state check (state in ('open', 'fixed', 'dismissed', 'gone'))
);
create index counter_proposal_open on counter_proposal (at desc) where state = 'open';
create index counter_proposal_day on counter_proposal (device_id, day);

-- Signed decisions. None is changed or deleted; one that was wrong is stamped as taken back.
create table counter_fix (
  id integer primary key generated always as identity,
  proposal_id integer not null references counter_proposal (id),
  device_id integer not null references device (id),
  -- `dismiss`: a person looked, and what is booked stands.
  kind text not null,
  from_at timestamptz not null,
  to_at timestamptz,
  energy_wh bigint,
  multiply integer,
  divide integer,
  effect_wh bigint not null,
  reason text not null,
  signed_by text not null,
  signed_at timestamptz not null,
  taken_back_reason text,
  taken_back_by text,
  taken_back_at timestamptz,
  constraint counter_fix_kind check (kind in ('ignore', 'reset', 'rebase', 'scale', 'dismiss')),
  constraint counter_fix_ignore check (kind <> 'ignore' or to_at >= from_at),
  constraint counter_fix_energy check ((kind = 'rebase') = (energy_wh is not null) and energy_wh >= 0),
  constraint counter_fix_scale check (
    (kind = 'scale') = (multiply is not null and divide is not null) and multiply > 0 and divide > 0),
  constraint counter_fix_span check (kind in ('ignore', 'scale') or to_at is null),
  constraint counter_fix_scale_span check (kind <> 'scale' or to_at is null or to_at > from_at),
  constraint counter_fix_taken_back check (
    (taken_back_at is null) = (taken_back_by is null) and (taken_back_at is null) = (taken_back_reason is null))
);
create unique index counter_fix_one_decision on counter_fix (proposal_id) where taken_back_at is null;
create index counter_fix_device on counter_fix (device_id);

-- Facts that two persons sign: a meter or inverter was exchanged, or moved to another station. Without the second
-- person a record has no effect.
create table counter_record (
  id integer primary key generated always as identity,
  kind text not null,
  device_id integer not null references device (id),
  at timestamptz not null,
  -- exchange: the last reading of the old one (null: nobody could take it) and the first of the new one
  final_wh bigint,
  start_wh bigint,
  old_serial text,
  new_serial text,
  -- move: the device that it is at the other station, and the counter at that instant where it was read
  to_device_id integer references device (id),
  reading_wh bigint,
  note text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  confirmed_by text,
  confirmed_at timestamptz,
  taken_back_reason text,
  taken_back_by text,
  taken_back_at timestamptz,
  constraint counter_record_kind check (kind in ('exchange', 'move')),
  constraint counter_record_exchange check ((kind = 'exchange') = (start_wh is not null)
    and (kind = 'exchange') = (old_serial is not null) and (kind = 'exchange') = (new_serial is not null)
    and (kind = 'exchange' or final_wh is null)),
  constraint counter_record_move check ((kind = 'move') = (to_device_id is not null)
    and (kind = 'move' or reading_wh is null) and to_device_id <> device_id),
  constraint counter_record_readings check (final_wh >= 0 and start_wh >= 0 and reading_wh >= 0),
  constraint counter_record_two_persons check (lower(confirmed_by) <> lower(entered_by)),
  constraint counter_record_confirmed check ((confirmed_at is null) = (confirmed_by is null)),
  constraint counter_record_taken_back check (
    (taken_back_at is null) = (taken_back_by is null) and (taken_back_at is null) = (taken_back_reason is null))
);
-- The same fact is entered once.
create unique index counter_record_once on counter_record (kind, device_id, at) where taken_back_at is null;
create index counter_record_device on counter_record (device_id);
create index counter_record_to_device on counter_record (to_device_id);

-- Down Migration
drop table counter_record, counter_fix, counter_proposal, counter_event;
alter table device drop column counter_modulus_wh;
