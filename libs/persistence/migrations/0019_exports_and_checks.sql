-- Up Migration
-- Files that are made in the background, reports that are due by a day, and checks of domain.md section 4.

-- States of an export: queued -> running -> done | failed; queued | running -> cancelled; running -> queued where the
-- worker that had it is gone. Only the worker that holds the lease under its attempt goes on with it.
create table export_job (
  id integer primary key generated always as identity,
  kind text not null,
  -- Null: the whole city.
  county_code text constraint export_job_county references county (code),
  -- First month of what it tells of; null for a run.
  month text,
  run_id integer constraint export_job_run references allocation_run (id),
  action_key uuid not null constraint export_job_key_unique unique,
  asked_by_id text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  state text not null default 'queued',
  progress_percent smallint not null default 0,
  attempt smallint not null default 0,
  -- By the clock of the database: how long a worker may be silent has nothing to do with the clock of the product.
  lease_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  file_name text,
  media_type text,
  byte_count integer,
  -- Of the bytes of the file, and of the figures in it; the second is printed in the file.
  sha256 text,
  content_hash text,
  row_count integer,
  failure_code text,
  failure text,
  -- The first day on which the bytes are no longer kept; the row stays as the log of exports.
  kept_until date,
  constraint export_job_kind check (kind in ('settlement_xlsx', 'ledger_csv_excel', 'ledger_csv_machine',
    'run_xlsx', 'run_csv', 'month_pdf', 'quarter_pdf', 'generation_xlsx')),
  constraint export_job_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint export_job_subject check ((month is null) = (run_id is not null)
    and (run_id is not null) = (kind in ('run_xlsx', 'run_csv'))),
  constraint export_job_state check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  constraint export_job_progress check (progress_percent between 0 and 100),
  constraint export_job_attempt check (attempt between 0 and 10),
  constraint export_job_lease check ((state = 'running') = (lease_until is not null)),
  constraint export_job_finished check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint export_job_done check ((state = 'done') = (sha256 is not null) and (state = 'done') = (file_name is not null)
    and (state = 'done') = (media_type is not null) and (state = 'done') = (byte_count is not null)
    and (state = 'done') = (content_hash is not null) and (state = 'done') = (kept_until is not null)),
  constraint export_job_failed check ((state = 'failed') = (failure_code is not null)),
  constraint export_job_hashes check (sha256 ~ '^[0-9a-f]{64}$' and content_hash ~ '^[0-9a-f]{64}$')
);
create index export_job_waiting on export_job (id) where state in ('queued', 'running');
create index export_job_kept on export_job (kept_until) where state = 'done';

create table export_file (
  job_id integer primary key constraint export_file_job references export_job (id),
  bytes bytea not null
);

-- Who took a file (requirement 61); an open demo knows nobody.
create table export_download (
  id bigint primary key generated always as identity,
  job_id integer not null constraint export_download_job references export_job (id),
  account_id text,
  account_name text,
  at timestamptz not null,
  constraint export_download_account check ((account_id is null) = (account_name is null))
);
create index export_download_job_id on export_download (job_id);

-- The report of energy, price and subsidy of a month by station, due by the 10th of the next one (发改价格规〔2017〕2196号
-- art. 4). Prepared by the worker, handed in by a person.
create table due_report (
  month text primary key,
  due_on date not null,
  job_id integer constraint due_report_job references export_job (id),
  prepared_at timestamptz,
  handed_in_by_id text,
  handed_in_by text,
  handed_in_at timestamptz,
  -- Number that the receiving office gave, where it gave one.
  receipt_ref text,
  constraint due_report_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint due_report_prepared check ((job_id is null) = (prepared_at is null)),
  constraint due_report_handed_in check ((handed_in_by_id is null) = (handed_in_at is null)
    and (handed_in_by_id is null) = (handed_in_by is null) and (receipt_ref is null or handed_in_by_id is not null)
    and (handed_in_by_id is null or job_id is not null)),
  constraint due_report_receipt check (length(receipt_ref) between 1 and 100)
);

create function due_report_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.handed_in_at is not null or new.month <> old.month or new.due_on <> old.due_on then
    raise exception using errcode = 'check_violation', constraint = 'due_report_final',
      message = format('the report of %s is not changed', old.month);
  end if;
  return new;
end
$$;
create trigger due_report_guard before update or delete on due_report
  for each row execute function due_report_guard();

-- What a rule found, once however often it is found. open -> closed (gone: by itself; note: by a person) -> open again.
create table check_finding (
  id bigint primary key generated always as identity,
  code text not null,
  reason text not null,
  subject_kind text not null,
  subject text not null,
  -- Tells findings of one rule and subject apart, such as the month; empty where there is one.
  part text not null default '',
  county_code text constraint check_finding_county references county (code),
  level text not null,
  owner text not null,
  figures jsonb not null,
  -- Rows behind it, the first of them; row_count says of how many.
  rows jsonb not null,
  row_count integer not null,
  -- False once a run no longer finds it.
  is_present boolean not null,
  state text not null,
  closed_how text,
  -- Level at which a person let it stand: worse than that opens it again.
  accepted_level text,
  due_on date not null,
  first_seen_on date not null,
  last_seen_on date not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  times_opened integer not null,
  constraint check_finding_unique unique (code, reason, subject, part),
  constraint check_finding_code check (code ~ '^A[0-9]{1,2}$'),
  constraint check_finding_level check (level in ('info', 'warning', 'critical')),
  constraint check_finding_accepted check (accepted_level in ('info', 'warning', 'critical')
    and (accepted_level is null or closed_how = 'note')),
  constraint check_finding_subject_kind check (subject_kind in ('station', 'village', 'county', 'bank_line', 'run',
    'ledger_entry')),
  constraint check_finding_owner check (owner in ('operator', 'agency_clerk', 'county', 'township', 'village',
    'power_company')),
  constraint check_finding_rows check (jsonb_typeof(rows) = 'array' and row_count >= jsonb_array_length(rows)),
  constraint check_finding_state check (state in ('open', 'closed')),
  constraint check_finding_closed check ((state = 'closed') = (closed_at is not null)
    and (state = 'closed') = (closed_how is not null) and closed_how in ('gone', 'note')),
  constraint check_finding_gone check (closed_how is distinct from 'gone' or not is_present),
  constraint check_finding_times check (times_opened >= 1)
);
create index check_finding_open on check_finding (due_on, id) where state = 'open';
create index check_finding_county on check_finding (county_code, state);

-- History of findings; only grows.
create table check_event (
  id bigint primary key generated always as identity,
  finding_id bigint not null constraint check_event_finding references check_finding (id),
  kind text not null,
  level text not null,
  figures jsonb not null,
  note text,
  actor_id text,
  actor text,
  -- One action of a person.
  action_key uuid constraint check_event_key_unique unique,
  at timestamptz not null,
  constraint check_event_kind check (kind in ('opened', 'worse', 'gone', 'closed', 'reopened')),
  constraint check_event_note check ((kind = 'closed') = (note is not null) and length(note) between 2 and 400),
  constraint check_event_actor check ((kind = 'closed') = (actor_id is not null) and (actor_id is null) = (actor is null)
    and (actor_id is null) = (action_key is null))
);
create index check_event_finding_id on check_event (finding_id, id);

create function check_refuse() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'check_violation',
    constraint = 'check_append_only',
    message = format('%s of %s is refused: the history of checks only grows', lower(tg_op), tg_table_name);
end
$$;
create trigger check_event_append_only before update or delete on check_event
  for each row execute function check_refuse();
create trigger check_finding_kept before delete on check_finding
  for each row execute function check_refuse();

-- One row a run; that of a day by the schedule is one.
create table check_run (
  id integer primary key generated always as identity,
  day date not null,
  is_scheduled boolean not null,
  started_by text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  opened integer not null,
  reopened integer not null,
  gone integer not null,
  present integer not null
);
create unique index check_run_one_a_day on check_run (day) where is_scheduled;

-- Down Migration
drop table check_run, check_event, check_finding, due_report, export_download, export_file, export_job;
drop function check_refuse();
drop function due_report_guard();
