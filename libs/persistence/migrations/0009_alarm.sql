-- Up Migration
-- The ladder incident -> alarm -> work order, what may quieten it, and who is told.

-- What is looked at, by kind; a county's row goes before that of the city (null). A change is a new row: the newest
-- of those in force on a day holds.
create table alarm_policy (
  id integer primary key generated always as identity,
  county_code text references county (code),
  kind text not null,
  effective_from date not null,
  is_on boolean not null,
  -- How long it has to last until it is an alarm; how long it has to be well until it is over.
  delay_s integer not null,
  clear_after_s integer not null,
  -- After its end an alarm takes up a new incident for this long, and then closes by itself.
  rejoin_s integer not null,
  -- Not acknowledged for this long: it goes up; null never.
  escalate_after_s integer,
  -- Limits in the unit of the kind: bad beyond the first, well again beyond the second; major beyond the third.
  open_limit double precision not null,
  close_limit double precision not null,
  major_limit double precision,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint alarm_policy_times check (delay_s >= 0 and clear_after_s >= 0 and rejoin_s >= 0 and escalate_after_s > 0)
);
create index alarm_policy_in_force on alarm_policy (kind, effective_from desc, id desc);

-- What a kilowatt-hour is worth where a station has no tariff, and what a post is paid a month.
create table alarm_valuation (
  id integer primary key generated always as identity,
  county_code text references county (code),
  effective_from date not null,
  price_hao_per_kwh integer not null,
  fen_per_post_month bigint not null,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint alarm_valuation_positive check (price_hao_per_kwh >= 0 and fen_per_post_month > 0)
);

create table alarm (
  id bigint primary key generated always as identity,
  kind text not null,
  -- city, county:<code> or station:<id>: what it is about, and what a new incident of the kind joins.
  subject text not null,
  county_code text references county (code),
  station_id integer references station (id),
  device_id integer references device (id),
  -- Devices that it is about, where it is about some of a station.
  device_codes text[] not null default '{}',
  level text not null,
  state text not null default 'open',
  opened_at timestamptz not null,
  -- When the first sign was seen: `opened_at` less the delay.
  began_at timestamptz not null,
  last_seen_at timestamptz not null,
  recovered_at timestamptz,
  closed_at timestamptz,
  closed_by text,
  closed_reason text,
  acknowledged_at timestamptz,
  acknowledged_by text,
  assigned_to text,
  snoozed_until timestamptz,
  escalated_at timestamptz,
  lost_energy_wh bigint not null default 0,
  lost_amount_fen bigint not null default 0,
  -- Whether the loss could be judged for the whole time; false where there was nothing to compare with.
  is_loss_whole boolean not null default true,
  seen double precision,
  limit_value double precision,
  fen_per_post_month bigint not null,
  version integer not null default 1,
  constraint alarm_level check (level in ('info', 'minor', 'major', 'critical', 'data')),
  constraint alarm_state check (state in ('open', 'acknowledged', 'closed')),
  constraint alarm_closed check ((state = 'closed') = (closed_at is not null) and (closed_at is null) = (closed_by is null)),
  constraint alarm_acknowledged check ((acknowledged_at is null) = (acknowledged_by is null)),
  constraint alarm_lost check (lost_energy_wh >= 0 and lost_amount_fen >= 0)
);
create unique index alarm_one_open on alarm (kind, subject) where state <> 'closed';
create index alarm_station on alarm (station_id, opened_at desc);
create index alarm_queue on alarm (lost_amount_fen desc, id) where state <> 'closed';
create index alarm_closed_at on alarm (closed_at desc) where state = 'closed';

-- What was noticed, raw; closes by itself. Without an alarm it did not last.
create table alarm_incident (
  id bigint primary key generated always as identity,
  kind text not null,
  subject text not null,
  station_id integer references station (id),
  alarm_id bigint references alarm (id),
  began_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  seen double precision,
  limit_value double precision,
  constraint alarm_incident_span check (began_at <= last_seen_at)
);
create unique index alarm_incident_one_open on alarm_incident (kind, subject) where ended_at is null;
create index alarm_incident_alarm on alarm_incident (alarm_id);
create index alarm_incident_station on alarm_incident (station_id, began_at desc);

-- What was seen and what the limit was, at most one a five minutes.
create table alarm_sample (
  alarm_id bigint not null references alarm (id),
  at timestamptz not null,
  seen double precision,
  limit_value double precision,
  primary key (alarm_id, at)
);

-- The loss of an alarm, a Shanghai day; renewed while readings of the day come in.
create table alarm_loss_day (
  alarm_id bigint not null references alarm (id),
  day date not null,
  lost_energy_wh bigint not null,
  price_hao_per_kwh integer not null,
  lost_amount_fen bigint not null,
  -- expected: the model of the station; peers: the median of the county; none: nothing to compare with.
  basis text not null,
  computed_at timestamptz not null,
  primary key (alarm_id, day),
  constraint alarm_loss_day_basis check (basis in ('expected', 'peers', 'none')),
  constraint alarm_loss_day_not_negative check (lost_energy_wh >= 0 and lost_amount_fen >= 0)
);

-- What became of an alarm, and who did it; appended only.
create table alarm_event (
  id bigint primary key generated always as identity,
  alarm_id bigint not null references alarm (id),
  at timestamptz not null,
  kind text not null,
  by_name text,
  note text not null default '',
  detail jsonb not null default '{}',
  constraint alarm_event_kind check (kind in ('opened', 'joined', 'level', 'recovered', 'closed', 'escalated',
    'acknowledged', 'assigned', 'commented', 'snoozed', 'woken', 'work_order'))
);
create index alarm_event_alarm on alarm_event (alarm_id, id);

-- Planned: while it lasts nothing new is raised for what it covers. One of county and station; neither is the city.
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

-- Where the evaluation stands, so that a pause is noticed by whoever goes on.
create table alarm_evaluation (
  only_one boolean primary key default true,
  run_no bigint not null,
  ran_at timestamptz not null,
  -- Nothing new is raised until then.
  grace_until timestamptz,
  ingest_seen_at timestamptz,
  constraint alarm_evaluation_only_one check (only_one)
);

-- Who is told of what. A change is a new rule; the old one is retired.
create table notice_rule (
  id integer primary key generated always as identity,
  name text not null,
  channel text not null,
  -- Addresses of an e-mail; one address of a webhook.
  targets text[] not null,
  -- Of DingTalk: what signs a message. Never sent to a browser.
  secret text,
  county_code text references county (code),
  kinds text[] not null default '{}',
  least_level text not null,
  -- Minutes after midnight in Shanghai; nothing but critical is sent in between; null: never quiet.
  quiet_from_min smallint,
  quiet_to_min smallint,
  group_s integer not null,
  created_by text not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  retired_by text,
  constraint notice_rule_channel check (channel in ('email', 'webhook', 'wecom', 'dingtalk')),
  constraint notice_rule_targets check (cardinality(targets) > 0),
  constraint notice_rule_level check (least_level in ('info', 'minor', 'major', 'critical', 'data')),
  constraint notice_rule_quiet check ((quiet_from_min is null) = (quiet_to_min is null)
    and quiet_from_min between 0 and 1439 and quiet_to_min between 0 and 1439),
  constraint notice_rule_group check (group_s between 0 and 86400)
);

-- One message that went out, or is on its way.
create table notice_message (
  id bigint primary key generated always as identity,
  rule_id integer not null references notice_rule (id),
  is_test boolean not null default false,
  state text not null default 'waiting',
  subject text not null,
  body text not null,
  created_at timestamptz not null,
  next_attempt_at timestamptz not null,
  attempts integer not null default 0,
  sent_at timestamptz,
  last_error text,
  constraint notice_message_state check (state in ('waiting', 'sent', 'given_up')),
  constraint notice_message_sent check ((state = 'sent') = (sent_at is not null))
);
create index notice_message_waiting on notice_message (next_attempt_at) where state = 'waiting';
create index notice_message_newest on notice_message (id desc);

-- What is to be said of an alarm by a rule: once each. Without a message it waits for its group or the end of quiet.
create table notice_item (
  rule_id integer not null references notice_rule (id),
  alarm_id bigint not null references alarm (id),
  event text not null,
  at timestamptz not null,
  message_id bigint references notice_message (id),
  primary key (rule_id, alarm_id, event),
  constraint notice_item_event check (event in ('opened', 'level', 'escalated', 'closed'))
);
create index notice_item_waiting on notice_item (rule_id, at) where message_id is null;

-- Down Migration
drop table notice_item, notice_message, notice_rule, alarm_evaluation, planned_outage, alarm_event, alarm_loss_day,
  alarm_sample, alarm_incident, alarm, alarm_valuation, alarm_policy;
