-- Up Migration
-- Accounts, login sessions, and the audit trail (design.md section 2, access). Passwords and tokens are kept as hashes
-- only. What is written into the trail is never changed: it is linked by hashes as the ledger is.

create table access_account (
  id integer primary key generated always as identity,
  name text not null constraint access_account_name_unique unique,
  -- Stands under what the person did; of one account only, so that a signature tells one person.
  display_name text not null constraint access_account_display_name_unique unique,
  role text not null,
  -- Codes of counties in the registry; null is the whole city.
  county_codes text[],
  -- PHC string of argon2id; null for an account of the demo, which no password opens.
  password_hash text,
  must_change_password boolean not null,
  is_demo boolean not null,
  created_at timestamptz not null,
  disabled_at timestamptz,
  constraint access_account_name check (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),
  constraint access_account_display_name check (char_length(display_name) between 2 and 40),
  constraint access_account_role check (role in ('operator', 'clerk', 'checker', 'auditor', 'administrator')),
  constraint access_account_counties check (county_codes is null or cardinality(county_codes) > 0),
  constraint access_account_demo check (is_demo = (password_hash is null))
);

-- Times of sessions and tries are real ones: a demo clock may run a thousand times as fast.
create table access_session (
  -- SHA-256 of the token in the cookie: whoever reads the table cannot log in with it.
  token_hash text primary key,
  account_id integer not null constraint access_session_account references access_account (id),
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  ends_at timestamptz not null,
  address text not null,
  constraint access_session_token_hash check (token_hash ~ '^[0-9a-f]{64}$')
);
create index access_session_account_id on access_session (account_id);
create index access_session_ends_at on access_session (ends_at);

-- Tries since the last login that succeeded, by name and address together; forgotten after a day.
create table access_attempt (
  key_hash text primary key,
  failures integer not null,
  last_at timestamptz not null,
  not_before timestamptz not null,
  constraint access_attempt_failures check (failures >= 0)
);
create index access_attempt_last_at on access_attempt (last_at);

create table audit_event (
  -- 1, 2, 3, … without a hole
  sequence bigint primary key,
  at timestamptz not null,
  -- No reference: who sits at the machine of a demo has no account. Null: nobody is known, as at a login that failed.
  account_id text,
  account_name text,
  -- area.what, such as access.login
  action text not null,
  subject text not null,
  -- JSON as it was hashed
  before_json text,
  after_json text,
  address text,
  previous_hash text not null,
  event_hash text not null constraint audit_event_hash_unique unique,
  constraint audit_event_action check (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
  constraint audit_event_actor check ((account_id is null) = (account_name is null)),
  constraint audit_event_json check (
    (before_json is null or jsonb_typeof(before_json::jsonb) is not null)
    and (after_json is null or jsonb_typeof(after_json::jsonb) is not null)),
  constraint audit_event_hash_shape check (previous_hash ~ '^[0-9a-f]{64}$' and event_hash ~ '^[0-9a-f]{64}$')
);
create index audit_event_account on audit_event (account_id, sequence);

-- The last link of the chain. Its lock puts events in a row.
create table audit_head (
  id integer primary key constraint audit_head_one_row check (id = 1),
  sequence bigint not null,
  event_hash text not null
);
insert into audit_head values (1, 0, repeat('0', 64));

create function audit_refuse() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'check_violation',
    constraint = 'audit_append_only',
    message = format('%s of %s is refused: the audit trail only grows', lower(tg_op), tg_table_name);
end
$$;
create trigger audit_event_append_only before update or delete on audit_event
  for each row execute function audit_refuse();
create trigger audit_event_no_truncate before truncate on audit_event
  for each statement execute function audit_refuse();
create trigger audit_head_kept before insert or delete on audit_head
  for each row execute function audit_refuse();
create trigger audit_head_no_truncate before truncate on audit_head
  for each statement execute function audit_refuse();

create function audit_event_guard() returns trigger
language plpgsql as $$
declare
  head audit_head;
begin
  select h.* into head from audit_head h where h.id = 1 for update;
  if new.sequence <> head.sequence + 1 or new.previous_hash <> head.event_hash then
    raise exception using errcode = 'check_violation', constraint = 'audit_chain_linked',
      message = format('event %s does not follow event %s', new.sequence, head.sequence);
  end if;
  update audit_head set sequence = new.sequence, event_hash = new.event_hash where id = 1;
  return new;
end
$$;
create trigger audit_event_guard before insert on audit_event
  for each row execute function audit_event_guard();

create function audit_head_guard() returns trigger
language plpgsql as $$
begin
  -- Only the guard of an event moves the head: it runs inside a trigger, an update from outside does not.
  if new.id <> old.id or new.sequence <> old.sequence + 1 or pg_trigger_depth() < 2 then
    raise exception using errcode = 'check_violation', constraint = 'audit_append_only',
      message = 'the head of the audit trail moves with an event only';
  end if;
  return new;
end
$$;
create trigger audit_head_guard before update on audit_head
  for each row execute function audit_head_guard();

-- Down Migration
drop table audit_head, audit_event, access_attempt, access_session, access_account;
drop function audit_head_guard();
drop function audit_event_guard();
drop function audit_refuse();
