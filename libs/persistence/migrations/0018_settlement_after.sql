-- Up Migration
-- Money after the run: transfers to villages, money that is taken back, files of the bank, adjustments of what is closed,
-- and shares that are whole on every date. What is money only grows: a correction is a reversal and another version.

-- How long back a change is still adjusted, and how long money may take from receipt to the account of a village.
alter table settlement_policy
  add column look_back_months smallint not null default 12,
  add column transfer_working_days smallint not null default 10,
  add constraint settlement_policy_look_back check (look_back_months between 1 and 120),
  add constraint settlement_policy_transfer_days check (transfer_working_days between 1 and 60);

-- Negative mirrors positive: a line of the bank below zero takes back what a line above zero brought.
alter table receipt_match
  drop constraint receipt_match_amount,
  add constraint receipt_match_amount check (amount_fen <> 0);
create index receipt_match_ledger_sequence on receipt_match (ledger_sequence);
alter table allocation_source
  drop constraint allocation_source_amount,
  add constraint allocation_source_amount check (amount_fen <> 0);
alter table allocation_run drop constraint allocation_run_total;
alter table allocation_line
  drop constraint allocation_line_amount,
  add constraint allocation_line_amount check (spare_fen between -1 and 1);
alter table allocation_village
  drop constraint allocation_village_net,
  drop constraint allocation_village_ratio,
  add constraint allocation_village_net check (
    amount_fen = cost_fen + net_fen
    and ((amount_fen >= 0 and net_fen >= 0 and cost_fen >= 0) or (amount_fen < 0 and net_fen <= 0 and cost_fen <= 0))),
  add constraint allocation_village_ratio check (
    (amount_fen >= 0 and denominator_fen between 0 and amount_fen and floor_fen between 0 and denominator_fen)
    or (amount_fen < 0 and denominator_fen between amount_fen and 0 and floor_fen between denominator_fen and 0));
alter table allocation_cost
  drop constraint allocation_cost_taken,
  add constraint allocation_cost_taken check (
    (due_fen >= 0 and taken_fen between 0 and due_fen) or (due_fen < 0 and taken_fen between due_fen and 0));

-- A file of the bank, and the rows that it left out.
create table bank_import (
  id integer primary key generated always as identity,
  county_code text not null constraint bank_import_county references county (code),
  bank_account text not null,
  file_name text not null,
  content_hash text not null,
  row_count integer not null,
  entered_count integer not null,
  known_count integer not null,
  refused_count integer not null,
  refusals jsonb not null,
  imported_by_id text not null,
  imported_by text not null,
  imported_at timestamptz not null,
  constraint bank_import_file_name check (length(file_name) between 1 and 200),
  constraint bank_import_account check (length(bank_account) between 1 and 60),
  constraint bank_import_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  constraint bank_import_refusals check (jsonb_typeof(refusals) = 'array'),
  constraint bank_import_counts check (
    row_count >= 0 and entered_count >= 0 and known_count >= 0 and refused_count >= 0)
);
create index bank_import_content on bank_import (content_hash);
create index bank_import_county_imported on bank_import (county_code, imported_at);
create trigger bank_import_append_only before update or delete on bank_import
  for each row execute function settlement_refuse();
alter table bank_line
  add column import_id integer constraint bank_line_import references bank_import (id);

-- What a later paper says of a statement for which money came: kept, and in force once an adjustment is approved.
create table statement_correction (
  id bigint primary key generated always as identity,
  statement_id bigint not null constraint statement_correction_statement references grid_statement (id),
  stated jsonb not null,
  amount_fen bigint not null,
  import_id integer not null constraint statement_correction_import references statement_import (id),
  row_number integer not null,
  entered_by_id text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  constraint statement_correction_stated check (jsonb_typeof(stated) = 'object'),
  constraint statement_correction_row check (row_number >= 1)
);
create index statement_correction_statement_id on statement_correction (statement_id);
create trigger statement_correction_append_only before update or delete on statement_correction
  for each row execute function settlement_refuse();

-- States of an adjustment: proposed -> approved, rejected or withdrawn. Approved is booked in the open period; withdrawn
-- is what a later look did not find any more, or found to be another figure.
create table adjustment (
  id integer primary key generated always as identity,
  county_code text not null constraint adjustment_county references county (code),
  station_id integer not null constraint adjustment_station references station (id),
  -- Month of the energy.
  month text not null,
  cause text not null,
  -- What the grid owes more (or less, below zero), and what the villages get more or less of what was given out.
  settled_fen bigint not null,
  total_fen bigint not null,
  -- Figures behind it, as a person is shown them.
  detail jsonb not null,
  adjustment_hash text not null,
  state text not null,
  proposed_by_id text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by_id text,
  decided_by text,
  decided_at timestamptz,
  decided_reason text,
  approved_hash text,
  period_month text,
  ledger_sequence bigint
    constraint adjustment_entry references ledger_entry (sequence)
    constraint adjustment_entry_unique unique,
  constraint adjustment_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint adjustment_cause check (cause in ('shares', 'energy', 'statement')),
  constraint adjustment_hash_shape check (adjustment_hash ~ '^[0-9a-f]{64}$'),
  constraint adjustment_state check (state in ('proposed', 'approved', 'rejected', 'withdrawn')),
  constraint adjustment_decided check (
    (state = 'proposed') = (decided_by_id is null) and (decided_by_id is null) = (decided_by is null)
    and (decided_by_id is null) = (decided_at is null) and (decided_by_id is null) = (decided_reason is null)),
  constraint adjustment_approved check (
    (state = 'approved') = (approved_hash is not null) and (state = 'approved') = (ledger_sequence is not null)
    and (state = 'approved') = (period_month is not null)),
  constraint adjustment_bound_to_hash check (approved_hash = adjustment_hash),
  constraint adjustment_maker_is_not_checker check (state <> 'approved' or decided_by_id <> proposed_by_id)
);
create unique index adjustment_one_proposed on adjustment (station_id, month) where state = 'proposed';
create index adjustment_county_state on adjustment (county_code, state);
create index adjustment_station_month on adjustment (station_id, month);

create table adjustment_line (
  adjustment_id integer not null constraint adjustment_line_adjustment references adjustment (id),
  component text not null,
  village_code text not null constraint adjustment_line_village references village (code),
  before_fen bigint not null,
  after_fen bigint not null,
  primary key (adjustment_id, component, village_code)
);
create index adjustment_line_village_code on adjustment_line (village_code, adjustment_id);

create table adjustment_correction (
  adjustment_id integer not null constraint adjustment_correction_adjustment references adjustment (id),
  correction_id bigint not null constraint adjustment_correction_correction references statement_correction (id),
  primary key (adjustment_id, correction_id)
);

create function adjustment_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'proposed' then
      raise exception using errcode = 'check_violation', constraint = 'adjustment_moves',
        message = 'an adjustment begins as a proposal';
    end if;
    return new;
  end if;
  if old.state <> 'proposed' or new.state = 'proposed'
    or (to_jsonb(new) - array['state', 'decided_by_id', 'decided_by', 'decided_at', 'decided_reason', 'approved_hash',
      'period_month', 'ledger_sequence'])
    is distinct from (to_jsonb(old) - array['state', 'decided_by_id', 'decided_by', 'decided_at', 'decided_reason',
      'approved_hash', 'period_month', 'ledger_sequence']) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('adjustment %s was decided, or what it says is not changed', old.id);
  end if;
  return new;
end
$$;
create trigger adjustment_guard before insert or update on adjustment
  for each row execute function adjustment_guard();

create function adjustment_part_guard() returns trigger
language plpgsql as $$
begin
  if not exists (
    select 1
    from adjustment a
    where a.id = new.adjustment_id and a.state = 'proposed' and a.xmin::text = (pg_current_xact_id()::xid)::text
  ) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('adjustment %s takes no more parts', new.adjustment_id);
  end if;
  return new;
end
$$;
create trigger adjustment_line_guard before insert on adjustment_line
  for each row execute function adjustment_part_guard();
create trigger adjustment_correction_guard before insert on adjustment_correction
  for each row execute function adjustment_part_guard();

create function adjustment_whole() returns trigger
language plpgsql as $$
begin
  if (select coalesce(sum(l.after_fen - l.before_fen), 0) from adjustment_line l where l.adjustment_id = new.id)
    <> new.total_fen then
    raise exception using errcode = 'check_violation', constraint = 'adjustment_whole',
      message = format('the lines of adjustment %s do not sum to %s fen', new.id, new.total_fen);
  end if;
  return null;
end
$$;
create constraint trigger adjustment_whole after insert or update on adjustment
  deferrable initially deferred
  for each row execute function adjustment_whole();

create trigger adjustment_kept before delete on adjustment
  for each row execute function settlement_refuse();
create trigger adjustment_line_append_only before update or delete on adjustment_line
  for each row execute function settlement_refuse();
create trigger adjustment_correction_append_only before update or delete on adjustment_correction
  for each row execute function settlement_refuse();
create trigger adjustment_no_truncate before truncate on adjustment
  for each statement execute function settlement_refuse();
create trigger adjustment_line_no_truncate before truncate on adjustment_line
  for each statement execute function settlement_refuse();

-- A look over all counties; one a day by the worker.
create table adjustment_scan (
  id integer primary key generated always as identity,
  day date not null,
  is_daily boolean not null,
  looked_at_count integer not null,
  proposed_count integer not null,
  withdrawn_count integer not null,
  blocked jsonb not null,
  scanned_by_id text not null,
  scanned_by text not null,
  scanned_at timestamptz not null,
  constraint adjustment_scan_counts check (looked_at_count >= 0 and proposed_count >= 0 and withdrawn_count >= 0),
  constraint adjustment_scan_blocked check (jsonb_typeof(blocked) = 'array')
);
create unique index adjustment_scan_once_a_day on adjustment_scan (day) where is_daily;
create trigger adjustment_scan_append_only before update or delete on adjustment_scan
  for each row execute function settlement_refuse();

-- `amended`: a later version of a statement for which money came. The statement stays, with its matches; its figures are
-- those of the last amendment.
alter table grid_statement
  add column amends_id bigint constraint grid_statement_amends references grid_statement (id),
  add column correction_id bigint
    constraint grid_statement_correction references statement_correction (id)
    constraint grid_statement_correction_unique unique,
  drop constraint grid_statement_kind,
  add constraint grid_statement_kind check (kind in ('stated', 'reversal', 'amended')),
  add constraint grid_statement_amended check (
    (kind = 'amended') = (amends_id is not null) and (kind = 'amended') = (correction_id is not null));
create index grid_statement_amends_id on grid_statement (amends_id) where amends_id is not null;

create or replace view grid_statement_in_force as
select s.id, s.account_no, s.station_id, s.month, s.component,
  case when a.id is null then s.version else a.version end as version,
  case when a.id is null then s.energy_wh else a.energy_wh end as energy_wh,
  case when a.id is null then s.price_yuan_per_kwh else a.price_yuan_per_kwh end as price_yuan_per_kwh,
  case when a.id is null then s.amount_fen else a.amount_fen end as amount_fen,
  case when a.id is null then s.total_fen else a.total_fen end as total_fen,
  case when a.id is null then s.read_from else a.read_from end as read_from,
  case when a.id is null then s.read_to else a.read_to end as read_to,
  case when a.id is null then s.previous_wh else a.previous_wh end as previous_wh,
  case when a.id is null then s.present_wh else a.present_wh end as present_wh,
  case when a.id is null then s.multiplier else a.multiplier end as multiplier,
  case when a.id is null then s.invoice_no else a.invoice_no end as invoice_no,
  case when a.id is null then s.pay_on else a.pay_on end as pay_on,
  case when a.id is null then s.import_id else a.import_id end as import_id,
  case when a.id is null then s.row_number else a.row_number end as row_number
from grid_statement s
left join grid_statement a
  on a.amends_id = s.id
  and not exists (select 1 from grid_statement b where b.amends_id = s.id and b.version > a.version)
where s.kind = 'stated'
  and not exists (select 1 from grid_statement r where r.reverses_id = s.id);

-- As in 0016, and: an amendment follows the last version of a statement that is in force.
create or replace function grid_statement_guard() returns trigger
language plpgsql as $$
declare
  original grid_statement;
begin
  -- The lock of the original makes a match that is on its way wait, and the other way round.
  if new.reverses_id is not null or new.amends_id is not null then
    perform 1 from grid_statement s where s.id = coalesce(new.reverses_id, new.amends_id) for update;
  end if;
  -- One lock for all: a lock a statement would fill the lock table of the server with a large file.
  perform pg_advisory_xact_lock(hashtextextended('grid_statement', 0));
  if new.kind = 'reversal' then
    select s.* into original from grid_statement s where s.id = new.reverses_id;
    if original.kind <> 'stated' or original.account_no <> new.account_no or original.month <> new.month
      or original.component <> new.component or original.version <> new.version
      or original.station_id <> new.station_id or original.amount_fen <> -new.amount_fen
      or original.energy_wh is distinct from -new.energy_wh then
      raise exception using errcode = 'check_violation', constraint = 'grid_statement_mirrors',
        message = format('the reversal does not mirror statement %s', new.reverses_id);
    end if;
    -- Money that came for it is already on its way to villages: the difference is adjusted, the paper is not taken back.
    if (select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.statement_id = new.reverses_id) <> 0 then
      raise exception using errcode = 'check_violation', constraint = 'grid_statement_not_received',
        message = format('money was received for statement %s', new.reverses_id);
    end if;
    return new;
  end if;
  if new.version <> 1 + coalesce((
    select max(s.version)
    from grid_statement s
    where s.account_no = new.account_no and s.month = new.month and s.component = new.component
  ), 0) then
    raise exception using errcode = 'check_violation', constraint = 'grid_statement_version_follows',
      message = format('version %s of %s %s %s does not follow', new.version, new.account_no, new.month, new.component);
  end if;
  if new.kind = 'amended' then
    if not exists (
      select 1
      from grid_statement_in_force s
      where s.id = new.amends_id and s.account_no = new.account_no and s.month = new.month
        and s.component = new.component and s.station_id = new.station_id
    ) then
      raise exception using errcode = 'check_violation', constraint = 'grid_statement_amends_in_force',
        message = format('statement %s is not in force, or another one', new.amends_id);
    end if;
    return new;
  end if;
  if exists (
    select 1
    from grid_statement s
    where s.account_no = new.account_no and s.month = new.month and s.component = new.component
      and s.kind = 'stated'
      and not exists (select 1 from grid_statement r where r.reverses_id = s.id)
  ) then
    raise exception using errcode = 'check_violation', constraint = 'grid_statement_one_in_force',
      message = format('%s %s %s has a statement in force', new.account_no, new.month, new.component);
  end if;
  return new;
end
$$;

-- As in 0016, with both signs: a match has the sign of its line, and brings what was received towards what was stated.
create or replace function receipt_match_guard() returns trigger
language plpgsql as $$
declare
  line_fen bigint;
  stated_fen bigint;
  matched_fen numeric;
begin
  select b.amount_fen into line_fen from bank_line b where b.id = new.bank_line_id for update;
  select s.amount_fen into stated_fen from grid_statement s where s.id = new.statement_id for update;
  if new.reverses_id is null and not exists (
    select 1 from grid_statement_in_force s where s.id = new.statement_id
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_in_force',
      message = format('statement %s is not in force', new.statement_id);
  end if;
  if new.reverses_id is null and sign(new.amount_fen) <> sign(line_fen) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_amount',
      message = format('a match of line %s has not its sign', new.bank_line_id);
  end if;
  if new.reverses_id is not null and not exists (
    select 1
    from receipt_match m
    where m.id = new.reverses_id and m.reverses_id is null and m.bank_line_id = new.bank_line_id
      and m.statement_id = new.statement_id and m.amount_fen = -new.amount_fen
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_mirrors',
      message = format('the reversal does not mirror match %s', new.reverses_id);
  end if;
  if new.reverses_id is not null and exists (
    select 1 from allocation_source a where a.match_id = new.reverses_id and not a.is_released
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_not_allocated',
      message = format('match %s was given out', new.reverses_id);
  end if;
  select coalesce(sum(m.amount_fen), 0) into matched_fen
  from receipt_match m
  where m.bank_line_id = new.bank_line_id;
  if matched_fen + new.amount_fen not between least(0, line_fen) and greatest(0, line_fen) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_within_line',
      message = format('bank line %s does not hold that much', new.bank_line_id);
  end if;
  select coalesce(sum(m.amount_fen), 0) into matched_fen
  from receipt_match m
  where m.statement_id = new.statement_id;
  -- An amendment may have left more received than is stated: what takes back may then come in parts.
  select coalesce(max(s.amount_fen), stated_fen) into stated_fen
  from grid_statement_in_force s
  where s.id = new.statement_id;
  if (new.amount_fen > 0 and matched_fen + new.amount_fen > greatest(0, stated_fen))
    or (new.amount_fen < 0 and matched_fen + new.amount_fen < least(0, stated_fen)) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_within_statement',
      message = format('statement %s is not open to that much', new.statement_id);
  end if;
  return new;
end
$$;

-- A batch of transfers from the agency (结转机构) to the accounts of villages, for one county.
create table village_transfer_batch (
  id integer primary key generated always as identity,
  county_code text not null constraint village_transfer_batch_county references county (code),
  item_count integer not null,
  total_fen bigint not null,
  batch_hash text not null,
  action_key uuid not null constraint village_transfer_batch_key_unique unique,
  prepared_by_id text not null,
  prepared_by text not null,
  prepared_at timestamptz not null,
  constraint village_transfer_batch_count check (item_count >= 1),
  constraint village_transfer_batch_total check (total_fen > 0),
  constraint village_transfer_batch_hash check (batch_hash ~ '^[0-9a-f]{64}$')
);
create index village_transfer_batch_county_prepared on village_transfer_batch (county_code, prepared_at);

-- What one village is sent. States: prepared -> confirmed or failed, confirmed -> failed (the bank gave it back). What
-- failed is free again, for another attempt that names it.
create table village_transfer (
  id bigint primary key generated always as identity,
  batch_id integer not null constraint village_transfer_batch references village_transfer_batch (id),
  village_code text not null constraint village_transfer_village references village (code),
  amount_fen bigint not null,
  attempt smallint not null,
  retry_of_id bigint
    constraint village_transfer_retry_of references village_transfer (id)
    constraint village_transfer_retried_once unique,
  -- The oldest day on which money in it came to the agency: the clock of working days runs from here.
  received_on date not null,
  state text not null default 'prepared',
  prepared_by_id text not null,
  bank_reference text,
  transferred_on date,
  ledger_sequence bigint constraint village_transfer_entry references ledger_entry (sequence),
  confirmed_by_id text,
  confirmed_by text,
  confirmed_at timestamptz,
  failed_reason text,
  -- Day on which the bank gave it back; null where it never left.
  returned_on date,
  return_sequence bigint constraint village_transfer_return_entry references ledger_entry (sequence),
  failed_by_id text,
  failed_by text,
  failed_at timestamptz,
  constraint village_transfer_amount check (amount_fen > 0),
  constraint village_transfer_attempt check (attempt >= 1 and (attempt = 1) = (retry_of_id is null)),
  constraint village_transfer_state check (state in ('prepared', 'confirmed', 'failed')),
  constraint village_transfer_reference check (length(bank_reference) between 1 and 60),
  constraint village_transfer_confirmation check (
    (confirmed_by_id is null) = (confirmed_by is null) and (confirmed_by_id is null) = (confirmed_at is null)
    and (confirmed_by_id is null) = (bank_reference is null) and (confirmed_by_id is null) = (transferred_on is null)
    and (confirmed_by_id is null) = (ledger_sequence is null)),
  constraint village_transfer_confirmed check (
    (state <> 'confirmed' or confirmed_by_id is not null) and (state <> 'prepared' or confirmed_by_id is null)),
  constraint village_transfer_maker_is_not_checker check (confirmed_by_id <> prepared_by_id),
  constraint village_transfer_failure check (
    (state = 'failed') = (failed_by_id is not null) and (failed_by_id is null) = (failed_by is null)
    and (failed_by_id is null) = (failed_at is null) and (failed_by_id is null) = (failed_reason is null)),
  constraint village_transfer_returned check (
    (returned_on is null) = (return_sequence is null)
    and (returned_on is not null) = (state = 'failed' and confirmed_by_id is not null))
);
create index village_transfer_batch_id on village_transfer (batch_id);
create index village_transfer_village_code on village_transfer (village_code, state);
create index village_transfer_ledger_sequence on village_transfer (ledger_sequence);
create index village_transfer_return_sequence on village_transfer (return_sequence);

-- What a transfer passes on: a village's amount of a run, or of an adjustment (below zero where it was given too much).
create table village_transfer_part (
  id bigint primary key generated always as identity,
  transfer_id bigint not null constraint village_transfer_part_transfer references village_transfer (id),
  run_id integer constraint village_transfer_part_run references allocation_run (id),
  adjustment_id integer constraint village_transfer_part_adjustment references adjustment (id),
  village_code text not null,
  amount_fen bigint not null,
  is_released boolean not null default false,
  constraint village_transfer_part_document check ((run_id is null) <> (adjustment_id is null)),
  constraint village_transfer_part_amount check (amount_fen <> 0)
);
create index village_transfer_part_transfer_id on village_transfer_part (transfer_id);
create unique index village_transfer_part_run_once on village_transfer_part (run_id, village_code)
  where not is_released and run_id is not null;
create unique index village_transfer_part_adjustment_once on village_transfer_part (adjustment_id, village_code)
  where not is_released and adjustment_id is not null;

create function village_transfer_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'prepared' or (new.retry_of_id is not null and not exists (
      select 1
      from village_transfer t
      where t.id = new.retry_of_id and t.state = 'failed' and t.village_code = new.village_code
        and t.attempt = new.attempt - 1
    )) then
      raise exception using errcode = 'check_violation', constraint = 'village_transfer_moves',
        message = 'a transfer begins as prepared, and another attempt follows one that failed';
    end if;
    return new;
  end if;
  if (to_jsonb(new) - array['state', 'bank_reference', 'transferred_on', 'ledger_sequence', 'confirmed_by_id',
      'confirmed_by', 'confirmed_at', 'failed_reason', 'returned_on', 'return_sequence', 'failed_by_id', 'failed_by',
      'failed_at'])
    is distinct from (to_jsonb(old) - array['state', 'bank_reference', 'transferred_on', 'ledger_sequence',
      'confirmed_by_id', 'confirmed_by', 'confirmed_at', 'failed_reason', 'returned_on', 'return_sequence',
      'failed_by_id', 'failed_by', 'failed_at'])
    or (old.confirmed_by_id is not null and (
      new.bank_reference, new.transferred_on, new.ledger_sequence, new.confirmed_by_id, new.confirmed_at)
      is distinct from (
      old.bank_reference, old.transferred_on, old.ledger_sequence, old.confirmed_by_id, old.confirmed_at)) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('what transfer %s says is not changed', old.id);
  end if;
  if not ((old.state = 'prepared' and new.state in ('confirmed', 'failed'))
    or (old.state = 'confirmed' and new.state = 'failed'))
    or (old.state = 'prepared' and new.state = 'failed' and new.confirmed_by_id is not null) then
    raise exception using errcode = 'check_violation', constraint = 'village_transfer_moves',
      message = format('transfer %s does not go from %s to %s', old.id, old.state, new.state);
  end if;
  return new;
end
$$;
create trigger village_transfer_guard before insert or update on village_transfer
  for each row execute function village_transfer_guard();

-- A part is money that was given out, to that village and to the fen; it is released when its transfer failed, once.
create function village_transfer_part_guard() returns trigger
language plpgsql as $$
declare
  given_fen bigint;
begin
  if tg_op = 'UPDATE' then
    if old.is_released or not new.is_released
      or (to_jsonb(new) - 'is_released') is distinct from (to_jsonb(old) - 'is_released')
      or not exists (select 1 from village_transfer t where t.id = new.transfer_id and t.state = 'failed') then
      raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
        message = format('part %s is released when its transfer failed, once', old.id);
    end if;
    return new;
  end if;
  if new.run_id is not null then
    -- The lock makes a run that is being voided wait, and the other way round.
    perform 1 from allocation_run r where r.id = new.run_id and r.state = 'approved' for share;
    if found then
      select v.amount_fen into given_fen
      from allocation_village v
      where v.run_id = new.run_id and v.village_code = new.village_code;
    end if;
  else
    select sum(l.after_fen - l.before_fen) into given_fen
    from adjustment_line l
    join adjustment a on a.id = l.adjustment_id
    where l.adjustment_id = new.adjustment_id and l.village_code = new.village_code and a.state = 'approved';
  end if;
  if new.is_released or given_fen is distinct from new.amount_fen or not exists (
    select 1
    from village_transfer t
    where t.id = new.transfer_id and t.village_code = new.village_code and t.state = 'prepared'
      and t.xmin::text = (pg_current_xact_id()::xid)::text
  ) then
    raise exception using errcode = 'check_violation', constraint = 'village_transfer_part_given',
      message = format('village %s was not given %s fen by that document', new.village_code, new.amount_fen);
  end if;
  return new;
end
$$;
create trigger village_transfer_part_guard before insert or update on village_transfer_part
  for each row execute function village_transfer_part_guard();

create function village_transfer_batch_whole() returns trigger
language plpgsql as $$
begin
  if not exists (
    select 1
    from village_transfer t
    where t.batch_id = new.id
    having count(*) = new.item_count and sum(t.amount_fen) = new.total_fen
  ) or exists (
    select 1
    from village_transfer t
    left join village_transfer_part p on p.transfer_id = t.id
    where t.batch_id = new.id
    group by t.id, t.amount_fen
    having coalesce(sum(p.amount_fen), 0) <> t.amount_fen
  ) then
    raise exception using errcode = 'check_violation', constraint = 'village_transfer_batch_whole',
      message = format('the items of batch %s do not sum to %s fen', new.id, new.total_fen);
  end if;
  return null;
end
$$;
create constraint trigger village_transfer_batch_whole after insert on village_transfer_batch
  deferrable initially deferred
  for each row execute function village_transfer_batch_whole();

-- Money on its way to a village is not taken out from under it.
create function allocation_run_transfer_guard() returns trigger
language plpgsql as $$
begin
  if exists (select 1 from village_transfer_part p where p.run_id = new.id and not p.is_released) then
    raise exception using errcode = 'check_violation', constraint = 'allocation_run_not_transferred',
      message = format('money of run %s is on its way to villages', new.id);
  end if;
  return new;
end
$$;
create trigger allocation_run_transfer_guard before update on allocation_run
  for each row when (new.state = 'voided') execute function allocation_run_transfer_guard();

create trigger village_transfer_batch_append_only before update or delete on village_transfer_batch
  for each row execute function settlement_refuse();
create trigger village_transfer_kept before delete on village_transfer
  for each row execute function settlement_refuse();
create trigger village_transfer_part_kept before delete on village_transfer_part
  for each row execute function settlement_refuse();
create trigger village_transfer_batch_no_truncate before truncate on village_transfer_batch
  for each statement execute function settlement_refuse();
create trigger village_transfer_no_truncate before truncate on village_transfer
  for each statement execute function settlement_refuse();
create trigger village_transfer_part_no_truncate before truncate on village_transfer_part
  for each statement execute function settlement_refuse();

-- What each run and adjustment gave a village, with the transfer that holds it; null where none does.
create view village_money as
select r.county_code, r.month, r.id as run_id, null::integer as adjustment_id, v.village_code, v.amount_fen,
  p.transfer_id, t.state as transfer_state, t.transferred_on, r.approved_at
from allocation_run r
join allocation_village v on v.run_id = r.id
left join village_transfer_part p on p.run_id = r.id and p.village_code = v.village_code and not p.is_released
left join village_transfer t on t.id = p.transfer_id
where r.state = 'approved' and v.amount_fen <> 0
union all
select a.county_code, a.period_month, null::integer, a.id, l.village_code, l.amount_fen, p.transfer_id, t.state,
  t.transferred_on, a.decided_at
from adjustment a
join lateral (
  select l.village_code, sum(l.after_fen - l.before_fen)::bigint as amount_fen
  from adjustment_line l
  where l.adjustment_id = a.id
  group by l.village_code
) l on l.amount_fen <> 0
left join village_transfer_part p on p.adjustment_id = a.id and p.village_code = l.village_code and not p.is_released
left join village_transfer t on t.id = p.transfer_id
where a.state = 'approved';

-- Shares of a station are the whole on every date on which there are any (requirements 3, 52). They come and end in one
-- statement, so a statement is what is judged.
create aggregate share_common_denominator (numeric) (sfunc = lcm, stype = numeric, initcond = '1');

create function share_whole() returns trigger
language plpgsql as $$
declare
  wrong_station integer;
  wrong_day date;
begin
  execute format($q$
    select g.station_id, g.day
    from (
      select d.station_id, d.day, share_common_denominator(s.denominator::numeric) as common,
        array_agg(s.numerator) as numerators, array_agg(s.denominator) as denominators
      from (
        select s.station_id, s.effective_from as day
        from %1$I s
        where s.station_id in (select c.station_id from changed c)
        union
        select s.station_id, s.effective_to
        from %1$I s
        where s.station_id in (select c.station_id from changed c) and s.effective_to is not null
      ) d
      join %1$I s
        on s.station_id = d.station_id and s.effective_from <= d.day
        and (s.effective_to is null or s.effective_to > d.day)
      group by d.station_id, d.day
    ) g
    where g.common <> (
      select sum(u.numerator * div(g.common, u.denominator))
      from unnest(g.numerators, g.denominators) as u (numerator, denominator)
    )
    limit 1$q$, tg_table_name) into wrong_station, wrong_day;
  if wrong_station is not null then
    raise exception using errcode = 'check_violation', constraint = tg_table_name || '_whole',
      message = format('shares of station %s do not sum to one on %s', wrong_station, wrong_day);
  end if;
  return null;
end
$$;
create trigger asset_share_whole_insert after insert on asset_share
  referencing new table as changed for each statement execute function share_whole();
create trigger asset_share_whole_update after update on asset_share
  referencing new table as changed for each statement execute function share_whole();
create trigger asset_share_whole_delete after delete on asset_share
  referencing old table as changed for each statement execute function share_whole();
create trigger revenue_share_whole_insert after insert on revenue_share
  referencing new table as changed for each statement execute function share_whole();
create trigger revenue_share_whole_update after update on revenue_share
  referencing new table as changed for each statement execute function share_whole();
create trigger revenue_share_whole_delete after delete on revenue_share
  referencing old table as changed for each statement execute function share_whole();

-- Down Migration
drop trigger revenue_share_whole_insert on revenue_share;
drop trigger revenue_share_whole_update on revenue_share;
drop trigger revenue_share_whole_delete on revenue_share;
drop trigger asset_share_whole_insert on asset_share;
drop trigger asset_share_whole_update on asset_share;
drop trigger asset_share_whole_delete on asset_share;
drop function share_whole();
drop aggregate share_common_denominator (numeric);
drop view village_money;
drop trigger allocation_run_transfer_guard on allocation_run;
drop function allocation_run_transfer_guard();
drop table village_transfer_part, village_transfer, village_transfer_batch;
drop function village_transfer_batch_whole();
drop function village_transfer_part_guard();
drop function village_transfer_guard();
drop view grid_statement_in_force;
create view grid_statement_in_force as
select s.id, s.account_no, s.station_id, s.month, s.component, s.version, s.energy_wh, s.price_yuan_per_kwh,
  s.amount_fen, s.total_fen, s.read_from, s.read_to, s.previous_wh, s.present_wh, s.multiplier, s.invoice_no, s.pay_on,
  s.import_id, s.row_number
from grid_statement s
where s.kind = 'stated'
  and not exists (select 1 from grid_statement r where r.reverses_id = s.id);
create or replace function grid_statement_guard() returns trigger
language plpgsql as $$
declare
  original grid_statement;
begin
  -- The lock of the original makes a match that is on its way wait, and the other way round.
  if new.reverses_id is not null then
    perform 1 from grid_statement s where s.id = new.reverses_id for update;
  end if;
  -- One lock for all: a lock a statement would fill the lock table of the server with a large file.
  perform pg_advisory_xact_lock(hashtextextended('grid_statement', 0));
  if new.kind = 'reversal' then
    select s.* into original from grid_statement s where s.id = new.reverses_id;
    if original.kind <> 'stated' or original.account_no <> new.account_no or original.month <> new.month
      or original.component <> new.component or original.version <> new.version
      or original.station_id <> new.station_id or original.amount_fen <> -new.amount_fen
      or original.energy_wh is distinct from -new.energy_wh then
      raise exception using errcode = 'check_violation', constraint = 'grid_statement_mirrors',
        message = format('the reversal does not mirror statement %s', new.reverses_id);
    end if;
    -- Money that came for it is already on its way to villages: the difference is adjusted, the paper is not taken back.
    if (select coalesce(sum(m.amount_fen), 0) from receipt_match m where m.statement_id = new.reverses_id) <> 0 then
      raise exception using errcode = 'check_violation', constraint = 'grid_statement_not_received',
        message = format('money was received for statement %s', new.reverses_id);
    end if;
    return new;
  end if;
  if new.version <> 1 + coalesce((
    select max(s.version)
    from grid_statement s
    where s.account_no = new.account_no and s.month = new.month and s.component = new.component
  ), 0) then
    raise exception using errcode = 'check_violation', constraint = 'grid_statement_version_follows',
      message = format('version %s of %s %s %s does not follow', new.version, new.account_no, new.month, new.component);
  end if;
  if exists (
    select 1
    from grid_statement s
    where s.account_no = new.account_no and s.month = new.month and s.component = new.component
      and s.kind = 'stated'
      and not exists (select 1 from grid_statement r where r.reverses_id = s.id)
  ) then
    raise exception using errcode = 'check_violation', constraint = 'grid_statement_one_in_force',
      message = format('%s %s %s has a statement in force', new.account_no, new.month, new.component);
  end if;
  return new;
end
$$;
create or replace function receipt_match_guard() returns trigger
language plpgsql as $$
declare
  line_fen bigint;
  stated_fen bigint;
  matched_fen numeric;
begin
  select b.amount_fen into line_fen from bank_line b where b.id = new.bank_line_id for update;
  select s.amount_fen into stated_fen from grid_statement s where s.id = new.statement_id for update;
  if new.reverses_id is null and not exists (
    select 1 from grid_statement_in_force s where s.id = new.statement_id
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_in_force',
      message = format('statement %s is not in force', new.statement_id);
  end if;
  if new.reverses_id is not null and not exists (
    select 1
    from receipt_match m
    where m.id = new.reverses_id and m.bank_line_id = new.bank_line_id and m.statement_id = new.statement_id
      and m.amount_fen = -new.amount_fen
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_mirrors',
      message = format('the reversal does not mirror match %s', new.reverses_id);
  end if;
  if new.reverses_id is not null and exists (
    select 1 from allocation_source a where a.match_id = new.reverses_id and not a.is_released
  ) then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_not_allocated',
      message = format('match %s was given out', new.reverses_id);
  end if;
  select coalesce(sum(m.amount_fen), 0) into matched_fen
  from receipt_match m
  where m.bank_line_id = new.bank_line_id;
  if matched_fen + new.amount_fen not between 0 and line_fen then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_within_line',
      message = format('bank line %s does not hold that much', new.bank_line_id);
  end if;
  select coalesce(sum(m.amount_fen), 0) into matched_fen
  from receipt_match m
  where m.statement_id = new.statement_id;
  if matched_fen + new.amount_fen not between 0 and stated_fen then
    raise exception using errcode = 'check_violation', constraint = 'receipt_match_within_statement',
      message = format('statement %s is not open to that much', new.statement_id);
  end if;
  return new;
end
$$;
alter table grid_statement
  drop constraint grid_statement_amended,
  drop constraint grid_statement_kind,
  drop column amends_id,
  drop column correction_id,
  add constraint grid_statement_kind check (kind in ('stated', 'reversal'));
drop table adjustment_scan, adjustment_correction, adjustment_line, adjustment, statement_correction;
drop function adjustment_whole();
drop function adjustment_part_guard();
drop function adjustment_guard();
alter table bank_line drop column import_id;
drop table bank_import;
alter table allocation_cost
  drop constraint allocation_cost_taken,
  add constraint allocation_cost_taken check (taken_fen between 0 and due_fen);
alter table allocation_village
  drop constraint allocation_village_net,
  drop constraint allocation_village_ratio,
  add constraint allocation_village_net check (net_fen >= 0 and cost_fen >= 0 and amount_fen = cost_fen + net_fen),
  add constraint allocation_village_ratio check (
    denominator_fen between 0 and amount_fen and floor_fen between 0 and denominator_fen);
alter table allocation_line
  drop constraint allocation_line_amount,
  add constraint allocation_line_amount check (amount_fen >= 0 and spare_fen between 0 and 1);
alter table allocation_run add constraint allocation_run_total check (total_fen > 0);
alter table allocation_source
  drop constraint allocation_source_amount,
  add constraint allocation_source_amount check (amount_fen > 0);
drop index receipt_match_ledger_sequence;
alter table receipt_match
  drop constraint receipt_match_amount,
  add constraint receipt_match_amount check (amount_fen <> 0 and (amount_fen < 0) = (reverses_id is not null));
alter table settlement_policy
  drop constraint settlement_policy_look_back,
  drop constraint settlement_policy_transfer_days,
  drop column look_back_months,
  drop column transfer_working_days;
