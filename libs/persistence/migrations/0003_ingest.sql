-- Up Migration
-- Other people's messages, what became of each message, and what is asked for again.

-- Profiles that are switched on or changed here. Without a content it is the built-in profile of this id.
create table vendor_profile (
  id text primary key,
  content jsonb,
  enabled boolean not null,
  changed_at timestamptz not null,
  changed_by text not null
);

-- Which device a vendor's name for it means.
create table device_source (
  profile_id text not null,
  source_id text not null,
  device_id integer not null references device (id),
  primary key (profile_id, source_id)
);
create index device_source_device on device_source (device_id);

-- Readings that were measured long before they came, within `accepted`.
alter table ingest_count add column late bigint not null default 0;

-- What was not stored, a station and Shanghai day of measurement (of receipt, where the message has no usable time).
create table ingest_rejection (
  station_id integer not null references station (id),
  day date not null,
  reason text not null,
  times bigint not null,
  primary key (station_id, day, reason)
);

-- Replaying a quarantined message: when, and what it became.
alter table quarantine_message add column replayed_at timestamptz;
alter table quarantine_message add column outcome text;
create index quarantine_message_reason_received on quarantine_message (reason, last_received_at desc);

-- A status code of the vendor that no profile knows, as it came.
alter table reading add column vendor_status text;
alter table latest_reading add column vendor_status text;

-- Where a sender's numbering stands. A new epoch begins where the numbers start again.
create table message_sender (
  station_id integer not null references station (id),
  code text not null,
  epoch integer not null default 0,
  epoch_began_at timestamptz not null,
  last_seq bigint not null,
  last_measured_at timestamptz not null,
  primary key (station_id, code)
);

-- Numbers of the messages that came, a sender, epoch and Shanghai day of measurement.
create table message_sequence (
  station_id integer not null,
  sender_code text not null,
  epoch integer not null,
  day date not null,
  received int8multirange not null,
  primary key (station_id, sender_code, epoch, day),
  constraint message_sequence_sender foreign key (station_id, sender_code) references message_sender (station_id, code)
);
create index message_sequence_day on message_sequence (day);

-- Holes that a gateway was asked to fill.
create table resend_request (
  id bigint primary key generated always as identity,
  station_id integer not null,
  sender_code text not null,
  epoch integer not null,
  day date not null,
  -- Numbers that were missing when it was first asked, and those that still are.
  asked int8multirange not null,
  missing int8multirange not null,
  -- Numbers that the sender said it does not have.
  gone int8multirange not null default '{}',
  state text not null constraint resend_request_state check (state in ('open', 'came', 'given_up')),
  attempts integer not null,
  first_asked_at timestamptz not null,
  next_attempt_at timestamptz not null,
  settled_at timestamptz,
  constraint resend_request_sender foreign key (station_id, sender_code) references message_sender (station_id, code)
);
create index resend_request_open on resend_request (next_attempt_at) where state = 'open';
create index resend_request_day on resend_request (station_id, day);

-- How far the clock of a device is from ours: the smallest delay of its messages of an hour, below zero where it is ahead.
create table device_clock (
  device_id integer primary key references device (id),
  hour_at timestamptz not null,
  least_delay_ms bigint not null,
  last_least_delay_ms bigint
);

-- Down Migration
drop table device_clock, resend_request, message_sequence, message_sender, ingest_rejection, device_source, vendor_profile;
drop index quarantine_message_reason_received;
alter table quarantine_message drop column outcome, drop column replayed_at;
alter table latest_reading drop column vendor_status;
alter table reading drop column vendor_status;
alter table ingest_count drop column late;
