-- Up Migration
-- Runs of the testers' place: what was asked for, how far it is, and what came out. A run is kept, so that its address can
-- be shared and its numbers held against those of a replay.
--
--   queued -> running -> done | failed | cancelled        queued -> cancelled        running -> queued (worker stopped)

create table testbench_run (
  id uuid primary key,
  -- The order of the queue; times of a run are real ones, whatever a demo clock shows.
  number bigint generated always as identity constraint testbench_run_number_unique unique,
  action_key uuid not null constraint testbench_run_action_key_unique unique,
  name text not null,
  kind text not null,
  -- JSON as it was asked for, and the stations as they were then: a replay plays the same ones.
  parameters text not null,
  world text not null,
  seed bigint,
  -- Counties of the stations; a scenario file has stations of its own.
  county_codes text[] not null,
  state text not null default 'queued',
  phase text not null default 'waiting',
  progress_done integer not null default 0,
  progress_total integer not null default 0,
  asked_by_id text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  cancel_asked_at timestamptz,
  program_version text,
  replay_of uuid constraint testbench_run_replay_of references testbench_run (id),
  summary jsonb,
  -- JSON as it was hashed
  result text,
  result_hash text,
  failure jsonb,
  constraint testbench_run_name check (char_length(name) between 1 and 80),
  constraint testbench_run_kind check (kind in ('fleet', 'file')),
  constraint testbench_run_state check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  constraint testbench_run_phase check (phase in ('waiting', 'preparing', 'playing', 'settling', 'reading')),
  constraint testbench_run_progress check (progress_done between 0 and progress_total),
  constraint testbench_run_started check ((state in ('running', 'done', 'failed')) <= (started_at is not null)),
  constraint testbench_run_ended check ((ended_at is not null) = (state in ('done', 'failed', 'cancelled'))),
  constraint testbench_run_result check (
    (state = 'done') = (result is not null) and (result is null) = (result_hash is null)
    and (result is null) = (summary is null)),
  constraint testbench_run_failure check ((state = 'failed') = (failure is not null)),
  constraint testbench_run_hash check (result_hash ~ '^[0-9a-f]{64}$')
);
create index testbench_run_state on testbench_run (state, number);
create index testbench_run_replay_of on testbench_run (replay_of) where replay_of is not null;
-- One at a time: the machine has other work.
create unique index testbench_run_one_running on testbench_run ((true)) where state = 'running';

-- Down Migration
drop table testbench_run;
