-- Up Migration
-- The ledger: double entry in fen that only grows (design.md section 4). What a rule of the house says about an entry
-- the database enforces: an entry sums to zero, is whole, is linked to the one before it, and is never changed.
--
-- An account's balance is the sum of its postings. Money into an account is positive, out of it negative; the accounts
-- of those whom the agency owes (villages) therefore run below zero, and their `normal_side` says so.

create table ledger_account (
  id integer primary key generated always as identity,
  -- kind, a colon, and what tells accounts of a kind apart
  code text not null constraint ledger_account_code_unique unique,
  kind text not null constraint ledger_account_kind check (
    kind in ('agency', 'station', 'village', 'cost', 'receivable', 'rounding')),
  -- Code of the station, village or county in the registry. No reference: a merged village keeps its history.
  owner_code text not null,
  normal_side text not null constraint ledger_account_normal_side check (normal_side in ('debit', 'credit')),
  -- True where the balance must not pass zero to the other side: nothing is paid that was not received.
  is_guarded boolean not null,
  opened_at timestamptz not null,
  constraint ledger_account_code_of_kind check (starts_with(code, kind || ':' || owner_code))
);
create index ledger_account_owner on ledger_account (owner_code);

-- open <-> on_hold -> closed. On hold takes reversals and adjustments only, while somebody looks; closed is for ever,
-- and what was wrong in it is adjusted in an open period.
create table ledger_period (
  month text primary key,
  state text not null default 'open',
  constraint ledger_period_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint ledger_period_state check (state in ('open', 'on_hold', 'closed'))
);

create table ledger_period_change (
  id integer primary key generated always as identity,
  month text not null references ledger_period (month),
  from_state text,
  to_state text not null,
  reason text not null,
  changed_by_id text not null,
  changed_by text not null,
  changed_at timestamptz not null
);
create index ledger_period_change_month on ledger_period_change (month);

create table ledger_entry (
  -- 1, 2, 3, … without a hole
  sequence bigint primary key,
  idempotency_key text not null constraint ledger_entry_key_unique unique,
  -- SHA-256 of what was asked for: the same key with another content is refused, not answered.
  request_hash text not null,
  kind text not null constraint ledger_entry_kind check (kind in (
    'opening', 'settlement', 'receipt', 'allocation', 'transfer', 'cost', 'advance', 'adjustment', 'reversal')),
  effective_day date not null,
  period_month text not null constraint ledger_entry_period references ledger_period (month),
  booked_at timestamptz not null,
  description text not null,
  document_ref text,
  booked_by_id text not null,
  booked_by text not null,
  reverses_sequence bigint
    constraint ledger_entry_reverses references ledger_entry (sequence)
    constraint ledger_entry_reversed_once unique,
  posting_count integer not null,
  previous_hash text not null,
  entry_hash text not null constraint ledger_entry_hash_unique unique,
  constraint ledger_entry_two_postings check (posting_count >= 2),
  constraint ledger_entry_reversal check ((kind = 'reversal') = (reverses_sequence is not null)),
  -- Only what corrects an earlier period may stand in another one than that of its day.
  constraint ledger_entry_period_of_day check (
    period_month = to_char(effective_day, 'YYYY-MM')
    or (kind in ('adjustment', 'reversal') and period_month > to_char(effective_day, 'YYYY-MM'))),
  constraint ledger_entry_hash_shape check (
    previous_hash ~ '^[0-9a-f]{64}$' and entry_hash ~ '^[0-9a-f]{64}$' and request_hash ~ '^[0-9a-f]{64}$')
);
create index ledger_entry_effective on ledger_entry (effective_day);
create index ledger_entry_period_month on ledger_entry (period_month);

create table ledger_posting (
  sequence bigint not null constraint ledger_posting_entry references ledger_entry (sequence),
  line integer not null,
  account_id integer not null constraint ledger_posting_account references ledger_account (id),
  amount_fen bigint not null,
  primary key (sequence, line),
  constraint ledger_posting_line_positive check (line >= 1),
  constraint ledger_posting_not_zero check (amount_fen <> 0)
);
create index ledger_posting_account_id on ledger_posting (account_id, sequence);

-- The last link of the chain. Its lock puts entries in a row, one after the other.
create table ledger_head (
  id integer primary key constraint ledger_head_one_row check (id = 1),
  sequence bigint not null,
  entry_hash text not null
);
insert into ledger_head values (1, 0, repeat('0', 64));

create function ledger_refuse() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'check_violation',
    constraint = 'ledger_append_only',
    message = format('%s of %s is refused: the ledger only grows', lower(tg_op), tg_table_name);
end
$$;

create trigger ledger_account_append_only before update or delete on ledger_account
  for each row execute function ledger_refuse();
create trigger ledger_entry_append_only before update or delete on ledger_entry
  for each row execute function ledger_refuse();
create trigger ledger_posting_append_only before update or delete on ledger_posting
  for each row execute function ledger_refuse();
create trigger ledger_period_kept before delete on ledger_period
  for each row execute function ledger_refuse();
create trigger ledger_period_change_append_only before update or delete on ledger_period_change
  for each row execute function ledger_refuse();
create trigger ledger_head_kept before insert or delete on ledger_head
  for each row execute function ledger_refuse();
create trigger ledger_account_no_truncate before truncate on ledger_account
  for each statement execute function ledger_refuse();
create trigger ledger_entry_no_truncate before truncate on ledger_entry
  for each statement execute function ledger_refuse();
create trigger ledger_posting_no_truncate before truncate on ledger_posting
  for each statement execute function ledger_refuse();
create trigger ledger_period_no_truncate before truncate on ledger_period
  for each statement execute function ledger_refuse();
create trigger ledger_period_change_no_truncate before truncate on ledger_period_change
  for each statement execute function ledger_refuse();
create trigger ledger_head_no_truncate before truncate on ledger_head
  for each statement execute function ledger_refuse();

-- Periods are opened and closed in the order of the calendar, so that nothing slips in before what is closed.
create function ledger_period_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'open'
      or exists (select 1 from ledger_period p where p.month > new.month and p.state = 'closed') then
      raise exception using errcode = 'check_violation', constraint = 'ledger_period_in_order',
        message = format('period %s cannot be opened: it is not open, or a later one is closed', new.month);
    end if;
    return new;
  end if;
  if new.month <> old.month or old.state = 'closed' then
    raise exception using errcode = 'check_violation', constraint = 'ledger_period_closed',
      message = format('period %s is closed', old.month);
  end if;
  if new.state = 'closed'
    and exists (select 1 from ledger_period p where p.month < new.month and p.state <> 'closed') then
    raise exception using errcode = 'check_violation', constraint = 'ledger_period_in_order',
      message = format('period %s cannot be closed before an earlier one', new.month);
  end if;
  return new;
end
$$;
create trigger ledger_period_guard before insert or update on ledger_period
  for each row execute function ledger_period_guard();

-- The lock on the period makes closing wait for entries that are on their way, and the other way round.
create function ledger_entry_guard() returns trigger
language plpgsql as $$
declare
  period_state text;
  head ledger_head;
begin
  select p.state into period_state from ledger_period p where p.month = new.period_month for share;
  if period_state = 'closed' then
    raise exception using errcode = 'check_violation', constraint = 'ledger_period_closed',
      message = format('period %s is closed', new.period_month);
  end if;
  if period_state = 'on_hold' and new.kind not in ('adjustment', 'reversal') then
    raise exception using errcode = 'check_violation', constraint = 'ledger_period_on_hold',
      message = format('period %s is on hold', new.period_month);
  end if;
  select h.* into head from ledger_head h where h.id = 1 for update;
  if new.sequence <> head.sequence + 1 or new.previous_hash <> head.entry_hash then
    raise exception using errcode = 'check_violation', constraint = 'ledger_chain_linked',
      message = format('entry %s does not follow entry %s', new.sequence, head.sequence);
  end if;
  update ledger_head set sequence = new.sequence, entry_hash = new.entry_hash where id = 1;
  return new;
end
$$;
create trigger ledger_entry_guard before insert on ledger_entry
  for each row execute function ledger_entry_guard();

create function ledger_head_guard() returns trigger
language plpgsql as $$
begin
  -- Only the guard of an entry moves the head: it runs inside a trigger, an update from outside does not.
  if new.id <> old.id or new.sequence <> old.sequence + 1 or pg_trigger_depth() < 2 then
    raise exception using errcode = 'check_violation', constraint = 'ledger_append_only',
      message = 'the head of the ledger moves with an entry only';
  end if;
  return new;
end
$$;
create trigger ledger_head_guard before update on ledger_head
  for each row execute function ledger_head_guard();

-- An entry says how many postings it has. A posting beyond that number is a later addition; with the count checked at
-- the end of the transaction, the lines are whole and closed.
create function ledger_posting_guard() returns trigger
language plpgsql as $$
declare
  entry ledger_entry;
  period_state text;
begin
  select e.* into entry from ledger_entry e where e.sequence = new.sequence;
  select p.state into period_state from ledger_period p where p.month = entry.period_month;
  if period_state = 'closed' then
    raise exception using errcode = 'check_violation', constraint = 'ledger_period_closed',
      message = format('period %s is closed', entry.period_month);
  end if;
  if new.line > entry.posting_count then
    raise exception using errcode = 'check_violation', constraint = 'ledger_append_only',
      message = format('entry %s has %s postings and takes no more', new.sequence, entry.posting_count);
  end if;
  return new;
end
$$;
create trigger ledger_posting_guard before insert on ledger_posting
  for each row execute function ledger_posting_guard();

create function ledger_entry_whole() returns trigger
language plpgsql as $$
declare
  total_fen numeric;
  lines bigint;
begin
  select coalesce(sum(p.amount_fen), 0), count(*) into total_fen, lines
  from ledger_posting p
  where p.sequence = new.sequence;
  if total_fen <> 0 then
    raise exception using errcode = 'check_violation', constraint = 'ledger_entry_sums_to_zero',
      message = format('the postings of entry %s sum to %s fen', new.sequence, total_fen);
  end if;
  if lines <> new.posting_count then
    raise exception using errcode = 'check_violation', constraint = 'ledger_entry_whole',
      message = format('entry %s has %s of %s postings', new.sequence, lines, new.posting_count);
  end if;
  if new.kind = 'reversal' and exists (
    select 1
    from ledger_posting p
    where p.sequence in (new.sequence, new.reverses_sequence)
    group by p.account_id
    having sum(p.amount_fen) <> 0
  ) then
    raise exception using errcode = 'check_violation', constraint = 'ledger_reversal_mirrors',
      message = format('entry %s does not mirror entry %s', new.sequence, new.reverses_sequence);
  end if;
  return null;
end
$$;
-- Deferred: an entry and its postings come one after the other, and are judged together.
create constraint trigger ledger_entry_whole after insert on ledger_entry
  deferrable initially deferred
  for each row execute function ledger_entry_whole();

-- Down Migration
drop table ledger_head, ledger_posting, ledger_entry, ledger_period_change, ledger_period, ledger_account;
drop function ledger_entry_whole();
drop function ledger_posting_guard();
drop function ledger_head_guard();
drop function ledger_entry_guard();
drop function ledger_period_guard();
drop function ledger_refuse();
