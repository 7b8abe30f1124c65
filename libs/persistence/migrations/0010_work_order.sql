-- Up Migration
-- Work orders (domain.md 3.3): what is to be done at a station, its history, photos and parts, and what is planned.

create table patrol_plan (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  kind text not null,
  every_months smallint not null,
  next_due_day date not null,
  assignee text not null,
  note text not null,
  created_by text not null,
  created_at timestamptz not null,
  action_key uuid not null constraint patrol_plan_once unique,
  body_hash bytea not null,
  ended_by text,
  ended_at timestamptz,
  constraint patrol_plan_kind check (kind in ('patrol', 'wash', 'grass')),
  constraint patrol_plan_every check (every_months between 1 and 24),
  constraint patrol_plan_ended check ((ended_at is null) = (ended_by is null))
);
create index patrol_plan_due on patrol_plan (next_due_day) where ended_at is null;
create unique index patrol_plan_one_of_a_kind on patrol_plan (station_id, kind, assignee) where ended_at is null;

-- One row an order: where it stands. How it came there is in work_order_event.
create table work_order (
  id integer primary key generated always as identity,
  station_id integer not null references station (id),
  kind text not null,
  -- The alarm that it answers.
  alarm_id bigint references alarm (id),
  plan_id integer references patrol_plan (id),
  plan_due_day date,
  -- Empty where the kind of its alarm or plan says it.
  title text not null,
  note text not null,
  size text not null,
  state text not null,
  -- Where it goes on after a suspension.
  suspended_from text,
  suspended_at timestamptz,
  suspended_ms bigint not null default 0,
  assignee text,
  opened_at timestamptz not null,
  -- The clocks of taking it on and of arriving start again when it is returned.
  round_started_at timestamptz not null,
  -- A repair has clocks from its opening; a planned order is due on its day.
  planned_due_at timestamptz,
  accepted_at timestamptz,
  arrived_at timestamptz,
  repaired_at timestamptz,
  repaired_by text,
  verified_at timestamptz,
  closed_at timestamptz,
  closed_by text,
  close_reason text,
  -- The clock that runs now, worked out by the domain at every action; null where none runs.
  due_clock text,
  due_at timestamptz,
  escalation text not null default 'none',
  cause text,
  side text,
  labour_fen bigint not null default 0,
  last_event_at timestamptz not null,
  constraint work_order_kind check (kind in ('repair', 'patrol', 'wash', 'grass')),
  constraint work_order_size check (size in ('minor', 'major')),
  constraint work_order_state check (state in ('opened', 'dispatched', 'accepted', 'on_site', 'suspended', 'repaired',
    'verified', 'returned', 'closed', 'cancelled')),
  constraint work_order_suspended check ((state = 'suspended') = (suspended_from is not null)
    and (state = 'suspended') = (suspended_at is not null) and suspended_ms >= 0),
  constraint work_order_planned check ((plan_id is null) = (plan_due_day is null)),
  constraint work_order_due check ((due_at is null) = (due_clock is null)),
  constraint work_order_due_clock check (due_clock in ('accept', 'arrive', 'repair', 'close')),
  constraint work_order_escalation check (escalation in ('none', 'township', 'county')),
  constraint work_order_side check (side in ('grid', 'operator', 'village')),
  constraint work_order_labour check (labour_fen >= 0),
  constraint work_order_closed check ((state = 'closed') = (closed_at is not null)
    and (closed_at is null) = (closed_by is null)),
  -- A repair that the readings do not show is closed by somebody else than who reported it, with a reason.
  constraint work_order_two_persons check (kind <> 'repair' or state <> 'closed' or verified_at is not null
    or (close_reason is not null and closed_by <> repaired_by))
);
create index work_order_station on work_order (station_id);
create index work_order_due on work_order (due_at) where state not in ('closed', 'cancelled');
-- An alarm has one order at a time, and a plan one order a due day.
create unique index work_order_one_of_alarm on work_order (alarm_id) where state not in ('closed', 'cancelled');
create unique index work_order_one_of_plan on work_order (plan_id, plan_due_day);

-- Append-only: who did what, when, from which state to which.
create table work_order_event (
  id bigint primary key generated always as identity,
  work_order_id integer not null references work_order (id),
  -- One action of a person at a screen, however often its form was sent.
  action_key uuid not null constraint work_order_event_once unique,
  body_hash bytea not null,
  action text not null,
  from_state text,
  to_state text not null,
  actor_id text not null,
  actor_name text not null,
  -- When it was done by the person's account, and when it got here: a phone without network sends later.
  happened_at timestamptz not null,
  recorded_at timestamptz not null,
  note text not null,
  detail jsonb not null,
  constraint work_order_event_times check (happened_at <= recorded_at)
);
create index work_order_event_order on work_order_event (work_order_id, id);

create function work_order_event_keep() returns trigger language plpgsql as $$
begin
  raise exception 'the history of work orders is only added to' using errcode = 'P0001';
end
$$;
create trigger work_order_event_append_only before update or delete on work_order_event
  for each row execute function work_order_event_keep();

create table work_order_part (
  id integer primary key generated always as identity,
  work_order_id integer not null references work_order (id),
  event_id bigint not null references work_order_event (id),
  name text not null,
  quantity integer not null,
  amount_fen bigint not null,
  constraint work_order_part_quantity check (quantity > 0),
  constraint work_order_part_amount check (amount_fen >= 0)
);
create index work_order_part_order on work_order_part (work_order_id);

create table work_order_photo (
  id integer primary key generated always as identity,
  work_order_id integer not null references work_order (id),
  action_key uuid not null constraint work_order_photo_once unique,
  sent_hash bytea not null,
  media_type text not null,
  name text not null,
  bytes bytea not null,
  position_kept boolean not null,
  taken_by text not null,
  recorded_at timestamptz not null,
  constraint work_order_photo_same unique (work_order_id, sent_hash, position_kept),
  constraint work_order_photo_type check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
  constraint work_order_photo_size check (octet_length(bytes) between 1 and 5242880)
);
-- Photos are compressed already.
alter table work_order_photo alter column bytes set storage external;

-- Down Migration
drop table work_order_photo, work_order_part, work_order_event, work_order, patrol_plan;
drop function work_order_event_keep();
