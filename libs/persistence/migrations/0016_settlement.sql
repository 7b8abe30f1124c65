-- Up Migration
-- Settlement: from the grid's statement to every village's share (domain.md 2 and 6, requirements 21-31).
-- What is money only grows. A statement is corrected by a reversal and a new version, a match by its mirror, a run by
-- being voided; no figure is ever written over.

create function settlement_refuse() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'check_violation',
    constraint = 'settlement_append_only',
    message = format('%s of %s is refused: settlement only grows', lower(tg_op), tg_table_name);
end
$$;

-- Rules of a county by date (domain.md 1.6, requirement 6). The smallest area wins; half-open dates.
create table settlement_policy (
  id integer primary key generated always as identity,
  area_code text not null,
  document_number text not null,
  -- Least part of the denominator that goes to wages and labour fees.
  ratio_numerator bigint not null,
  ratio_denominator bigint not null,
  allowed_uses text[] not null,
  -- kWh × tariff against the statement, and the statement against telemetry in hundredths of a percent.
  amount_tolerance_fen bigint not null,
  energy_warn_bp integer not null,
  energy_alarm_bp integer not null,
  notice_days smallint not null,
  -- False: seeded, and to be confirmed by the county.
  is_confirmed boolean not null,
  effective_from date not null,
  effective_to date,
  entered_by_id text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  constraint settlement_policy_start_unique unique (area_code, effective_from),
  constraint settlement_policy_area check (area_code ~ '^[0-9]{6}$'),
  constraint settlement_policy_document check (length(document_number) between 1 and 200),
  constraint settlement_policy_ratio check (
    ratio_denominator > 0 and ratio_numerator between 0 and ratio_denominator),
  constraint settlement_policy_uses check (
    allowed_uses <@ array['posts', 'public_works', 'reward', 'carried_balance']::text[]
    and cardinality(allowed_uses) > 0),
  constraint settlement_policy_amount_tolerance check (amount_tolerance_fen >= 0),
  constraint settlement_policy_energy_tolerance check (
    energy_warn_bp >= 0 and energy_alarm_bp >= energy_warn_bp),
  constraint settlement_policy_notice check (notice_days between 0 and 60),
  constraint settlement_policy_dates check (effective_to is null or effective_to > effective_from)
);

-- Costs before distribution, in the order in which they are taken; a loan is not among them (国能发新能〔2018〕29号).
create table settlement_policy_cost (
  policy_id integer not null constraint settlement_policy_cost_policy references settlement_policy (id),
  position smallint not null,
  line text not null,
  kind text not null,
  amount_fen bigint,
  rate_numerator bigint,
  rate_denominator bigint,
  -- The most that a rate takes; null is no cap.
  cap_fen bigint,
  reduces_denominator boolean not null,
  primary key (policy_id, position),
  constraint settlement_policy_cost_line_unique unique (policy_id, line),
  constraint settlement_policy_cost_position check (position >= 1),
  constraint settlement_policy_cost_line check (line in ('rent', 'operation', 'insurance', 'tax', 'reserve')),
  constraint settlement_policy_cost_kind check (
    (kind = 'fixed' and amount_fen >= 0 and rate_numerator is null and rate_denominator is null and cap_fen is null)
    or (kind = 'rate' and amount_fen is null and rate_denominator > 0
      and rate_numerator between 0 and rate_denominator and (cap_fen is null or cap_fen >= 0)))
);

-- A policy is ended, never rewritten; two of one area never hold on one day.
create function settlement_policy_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'UPDATE' and (old.effective_to is not null or new.effective_to is null
    or (to_jsonb(new) - 'effective_to') is distinct from (to_jsonb(old) - 'effective_to')) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('policy %s can only be ended, once', old.id);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('settlement_policy:' || new.area_code, 0));
  if exists (
    select 1
    from settlement_policy p
    where p.area_code = new.area_code
      and p.id <> new.id
      and daterange(p.effective_from, p.effective_to) && daterange(new.effective_from, new.effective_to)
  ) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_policy_overlap',
      message = format('another policy of area %s holds on some of these days', new.area_code);
  end if;
  return new;
end
$$;
create trigger settlement_policy_guard before insert or update on settlement_policy
  for each row execute function settlement_policy_guard();

insert into settlement_policy (area_code, document_number, ratio_numerator, ratio_denominator, allowed_uses,
  amount_tolerance_fen, energy_warn_bp, energy_alarm_bp, notice_days, is_confirmed, effective_from, effective_to,
  entered_by_id, entered_by, entered_at)
values
  ('100000', '国开办司发〔2020〕3号', 4, 5, array['posts', 'public_works', 'reward', 'carried_balance'],
    1, 300, 800, 7, true, '2020-01-01'::date, '2021-01-01'::date, 'seed', '初始规则', '2021-01-01 00:00:00+08'::timestamptz),
  ('100000', '待县级确认（参照安徽各县 2022–2023 年做法）', 3, 5,
    array['posts', 'public_works', 'reward', 'carried_balance'],
    1, 300, 800, 7, false, '2021-01-01'::date, null, 'seed', '初始规则', '2021-01-01 00:00:00+08'::timestamptz);
-- O&M 2.9 % and a reserve of 2 % as in the plan template of 汾西 (domain.md 1.5); fixed costs are a county's own.
insert into settlement_policy_cost (policy_id, position, line, kind, rate_numerator, rate_denominator,
  reduces_denominator)
select p.id, c.position, c.line, 'rate', c.numerator, 1000, c.reduces
from settlement_policy p
cross join (values (1::smallint, 'operation', 29, true), (2::smallint, 'reserve', 20, true))
  as c (position, line, numerator, reduces)
where p.area_code = '100000';

-- Which heading of a source's files holds which field; a change is a new version.
create table statement_mapping (
  id integer primary key generated always as identity,
  source text not null,
  version integer not null,
  columns jsonb not null,
  entered_by_id text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  constraint statement_mapping_version_unique unique (source, version),
  constraint statement_mapping_source check (length(source) between 1 and 60),
  constraint statement_mapping_version check (version >= 1),
  constraint statement_mapping_columns check (jsonb_typeof(columns) = 'object')
);

create table statement_import (
  id integer primary key generated always as identity,
  file_name text not null,
  -- SHA-256 of the bytes of the file.
  content_hash text not null,
  -- Null: the headings that the program knows by itself.
  mapping_id integer constraint statement_import_mapping references statement_mapping (id),
  row_count integer not null,
  stated_count integer not null,
  corrected_count integer not null,
  unchanged_count integer not null,
  refused_count integer not null,
  -- Null where nothing changed in money.
  ledger_sequence bigint constraint statement_import_entry references ledger_entry (sequence),
  imported_by_id text not null,
  imported_by text not null,
  imported_at timestamptz not null,
  constraint statement_import_file_name check (length(file_name) between 1 and 200),
  constraint statement_import_hash check (content_hash ~ '^[0-9a-f]{64}$'),
  constraint statement_import_counts check (row_count >= 0 and stated_count >= 0 and corrected_count >= 0
    and unchanged_count >= 0 and refused_count >= 0)
);
create index statement_import_content on statement_import (content_hash);
create index statement_import_imported_at on statement_import (imported_at);

-- Rows that were left out on purpose, each with its reason and how to mend it.
create table statement_import_refusal (
  import_id integer not null constraint statement_import_refusal_import references statement_import (id),
  position integer not null,
  row_number integer not null,
  column_title text,
  value text,
  code text not null,
  reason text not null,
  primary key (import_id, position),
  constraint statement_import_refusal_position check (position >= 1),
  constraint statement_import_refusal_row check (row_number >= 1)
);

-- One price component of one grid account and month, as the document states it (domain.md 2.3). Null is not on the paper.
create table grid_statement (
  id bigint primary key generated always as identity,
  account_no text not null constraint grid_statement_account references grid_account (account_no),
  -- That of the account when the statement came.
  station_id integer not null constraint grid_statement_station references station (id),
  month text not null,
  component text not null,
  version integer not null,
  kind text not null,
  reverses_id bigint
    constraint grid_statement_reverses references grid_statement (id)
    constraint grid_statement_reversed_once unique,
  energy_wh bigint,
  -- As printed; never calculated with.
  price_yuan_per_kwh numeric(12, 8),
  amount_fen bigint not null,
  -- Total payable of the whole document.
  total_fen bigint,
  account_name text,
  read_from date,
  read_to date,
  previous_wh bigint,
  present_wh bigint,
  multiplier integer,
  tax_rate_bp integer,
  tax_fen bigint,
  tax_code text,
  invoice_no text,
  pay_on date,
  payee_name text,
  payee_account text,
  handled_by text,
  import_id integer not null constraint grid_statement_import references statement_import (id),
  row_number integer not null,
  constraint grid_statement_version_unique unique (account_no, month, component, version, kind),
  constraint grid_statement_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint grid_statement_component check (component ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint grid_statement_version check (version >= 1),
  constraint grid_statement_kind check (kind in ('stated', 'reversal')),
  constraint grid_statement_reversal check ((kind = 'reversal') = (reverses_id is not null)),
  constraint grid_statement_multiplier check (multiplier > 0),
  constraint grid_statement_reading_days check (read_from is null or read_to is null or read_from <= read_to),
  constraint grid_statement_row check (row_number >= 1)
);
create index grid_statement_station_month on grid_statement (station_id, month);
create index grid_statement_month_component on grid_statement (month, component);
create index grid_statement_import_id on grid_statement (import_id);

-- A version follows the one before it, which was taken back; a reversal is the mirror of what it takes back.
create function grid_statement_guard() returns trigger
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
create trigger grid_statement_guard before insert on grid_statement
  for each row execute function grid_statement_guard();

-- What is in force: stated and not taken back.
create view grid_statement_in_force as
select s.id, s.account_no, s.station_id, s.month, s.component, s.version, s.energy_wh, s.price_yuan_per_kwh,
  s.amount_fen, s.total_fen, s.read_from, s.read_to, s.previous_wh, s.present_wh, s.multiplier, s.invoice_no, s.pay_on,
  s.import_id, s.row_number
from grid_statement s
where s.kind = 'stated'
  and not exists (select 1 from grid_statement r where r.reverses_id = s.id);

-- Why somebody lets a difference stand.
create table statement_reason (
  id integer primary key generated always as identity,
  station_id integer not null constraint statement_reason_station references station (id),
  month text not null,
  finding text not null,
  -- Of the figures that were signed: other figures want another signature.
  finding_hash text not null,
  reason_code text not null,
  note text not null,
  signed_by_id text not null,
  signed_by text not null,
  signed_at timestamptz not null,
  constraint statement_reason_unique unique (station_id, month, finding, finding_hash),
  constraint statement_reason_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint statement_reason_hash check (finding_hash ~ '^[0-9a-f]{64}$'),
  constraint statement_reason_code check (reason_code in ('meter_exchange', 'telemetry_gap', 'line_loss',
    'reading_day', 'grid_error', 'rounding', 'other')),
  constraint statement_reason_note check (length(note) between 2 and 400)
);

-- A line of the bank statement of the 结转 account; money in is positive.
create table bank_line (
  id bigint primary key generated always as identity,
  county_code text not null constraint bank_line_county references county (code),
  bank_account text not null,
  bank_reference text not null,
  booked_on date not null,
  amount_fen bigint not null,
  payer text,
  purpose text,
  content_hash text not null,
  row_number integer not null,
  entered_by_id text not null,
  entered_by text not null,
  entered_at timestamptz not null,
  constraint bank_line_reference_unique unique (bank_account, bank_reference),
  constraint bank_line_amount check (amount_fen <> 0),
  constraint bank_line_reference check (length(bank_reference) between 1 and 60),
  constraint bank_line_account check (length(bank_account) between 1 and 60),
  constraint bank_line_hash check (content_hash ~ '^[0-9a-f]{64}$')
);
create index bank_line_county_booked on bank_line (county_code, booked_on);

-- Part of a bank line that pays part of a statement. An edit is the mirror of a match and another one.
create table receipt_match (
  id bigint primary key generated always as identity,
  bank_line_id bigint not null constraint receipt_match_bank_line references bank_line (id),
  statement_id bigint not null constraint receipt_match_statement references grid_statement (id),
  amount_fen bigint not null,
  -- A person's choice, not the oldest first.
  is_pinned boolean not null,
  reverses_id bigint
    constraint receipt_match_reverses references receipt_match (id)
    constraint receipt_match_reversed_once unique,
  ledger_sequence bigint not null constraint receipt_match_entry references ledger_entry (sequence),
  matched_by_id text not null,
  matched_by text not null,
  matched_at timestamptz not null,
  constraint receipt_match_amount check (amount_fen <> 0 and (amount_fen < 0) = (reverses_id is not null))
);
create index receipt_match_bank_line_id on receipt_match (bank_line_id);
create index receipt_match_statement_id on receipt_match (statement_id);

-- Nothing is matched beyond what came or beyond what was stated. The locks put matches of one line in a row.
create function receipt_match_guard() returns trigger
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
create trigger receipt_match_guard before insert on receipt_match
  for each row execute function receipt_match_guard();

-- States of a run: proposed -> approved -> voided, proposed -> voided. Approved is booked; voiding takes the entry back.
create table allocation_run (
  id integer primary key generated always as identity,
  county_code text not null constraint allocation_run_county references county (code),
  -- Period of the ledger that it is booked in.
  month text not null,
  policy_id integer not null constraint allocation_run_policy references settlement_policy (id),
  total_fen bigint not null,
  -- SHA-256 of everything that the run says; an approval names it.
  run_hash text not null,
  state text not null,
  action_key uuid not null constraint allocation_run_key_unique unique,
  proposed_by_id text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  approved_by_id text,
  approved_by text,
  approved_at timestamptz,
  approved_hash text,
  ledger_sequence bigint
    constraint allocation_run_entry references ledger_entry (sequence)
    constraint allocation_run_entry_unique unique,
  voided_by_id text,
  voided_by text,
  voided_at timestamptz,
  void_reason text,
  void_sequence bigint constraint allocation_run_void_entry references ledger_entry (sequence),
  constraint allocation_run_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  constraint allocation_run_total check (total_fen > 0),
  constraint allocation_run_hash check (run_hash ~ '^[0-9a-f]{64}$'),
  constraint allocation_run_state check (state in ('proposed', 'approved', 'voided')),
  constraint allocation_run_approval check (
    (approved_by_id is null) = (approved_at is null) and (approved_by_id is null) = (approved_by is null)
    and (approved_by_id is null) = (approved_hash is null) and (approved_by_id is null) = (ledger_sequence is null)),
  constraint allocation_run_approved check (state <> 'approved' or approved_by_id is not null),
  constraint allocation_run_bound_to_hash check (approved_hash = run_hash),
  constraint allocation_run_maker_is_not_checker check (approved_by_id <> proposed_by_id),
  constraint allocation_run_void check (
    (state = 'voided') = (voided_by_id is not null) and (voided_by_id is null) = (voided_at is null)
    and (voided_by_id is null) = (voided_by is null) and (voided_by_id is null) = (void_reason is null)
    and (void_sequence is null) = (voided_by_id is null or ledger_sequence is null))
);
create index allocation_run_county_month on allocation_run (county_code, month);

create function allocation_run_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'proposed' then
      raise exception using errcode = 'check_violation', constraint = 'allocation_run_moves',
        message = 'a run begins as a proposal';
    end if;
    return new;
  end if;
  if (to_jsonb(new) - array['state', 'approved_by_id', 'approved_by', 'approved_at', 'approved_hash',
      'ledger_sequence', 'voided_by_id', 'voided_by', 'voided_at', 'void_reason', 'void_sequence'])
    is distinct from (to_jsonb(old) - array['state', 'approved_by_id', 'approved_by', 'approved_at', 'approved_hash',
      'ledger_sequence', 'voided_by_id', 'voided_by', 'voided_at', 'void_reason', 'void_sequence']) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('what run %s says is not changed', old.id);
  end if;
  if not ((old.state = 'proposed' and new.state = 'approved')
    or (old.state = 'proposed' and new.state = 'voided' and new.approved_by_id is null)
    or (old.state = 'approved' and new.state = 'voided' and new.approved_by_id = old.approved_by_id
      and new.approved_by = old.approved_by and new.approved_at = old.approved_at
      and new.ledger_sequence = old.ledger_sequence)) then
    raise exception using errcode = 'check_violation', constraint = 'allocation_run_moves',
      message = format('run %s does not go from %s to %s', old.id, old.state, new.state);
  end if;
  return new;
end
$$;
create trigger allocation_run_guard before insert or update on allocation_run
  for each row execute function allocation_run_guard();

-- Received money that a run gives out. A match is in one run that was not voided.
create table allocation_source (
  run_id integer not null constraint allocation_source_run references allocation_run (id),
  match_id bigint not null constraint allocation_source_match references receipt_match (id),
  amount_fen bigint not null,
  is_released boolean not null default false,
  primary key (run_id, match_id),
  constraint allocation_source_amount check (amount_fen > 0)
);
create unique index allocation_source_once on allocation_source (match_id) where not is_released;

create function allocation_source_guard() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.is_released or exists (select 1 from receipt_match r where r.reverses_id = new.match_id) or not exists (
      select 1 from receipt_match m where m.id = new.match_id and m.amount_fen = new.amount_fen
    ) then
      raise exception using errcode = 'check_violation', constraint = 'allocation_source_received',
        message = format('match %s is not received money of that amount', new.match_id);
    end if;
    return new;
  end if;
  if old.is_released or not new.is_released or new.run_id <> old.run_id or new.match_id <> old.match_id
    or new.amount_fen <> old.amount_fen
    or not exists (select 1 from allocation_run r where r.id = new.run_id and r.state = 'voided') then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('sources of run %s are released when it is voided, once', old.run_id);
  end if;
  return new;
end
$$;
create trigger allocation_source_guard before insert or update on allocation_source
  for each row execute function allocation_source_guard();

-- Days of a station-month on which the shares are the same; more than one where they change.
create table allocation_span (
  run_id integer not null constraint allocation_span_run references allocation_run (id),
  station_id integer not null constraint allocation_span_station references station (id),
  month text not null,
  from_day date not null,
  to_day date not null,
  -- Null where one set of shares holds for the whole month and energy does not matter.
  energy_wh bigint,
  primary key (run_id, station_id, month, from_day),
  constraint allocation_span_days check (from_day < to_day),
  constraint allocation_span_energy check (energy_wh >= 0)
);

-- What a village gets of one station, month and component. The exact amount is kept beside the rounded one.
create table allocation_line (
  run_id integer not null constraint allocation_line_run references allocation_run (id),
  station_id integer not null constraint allocation_line_station references station (id),
  month text not null,
  component text not null,
  -- Who is paid: the successor where a village was merged.
  village_code text not null constraint allocation_line_village references village (code),
  share_numerator numeric(80, 0) not null,
  share_denominator numeric(80, 0) not null,
  exact_numerator numeric(80, 0) not null,
  exact_denominator numeric(80, 0) not null,
  amount_fen bigint not null,
  spare_fen smallint not null,
  spare_rank integer,
  primary key (run_id, station_id, month, component, village_code),
  constraint allocation_line_share check (
    share_denominator > 0 and share_numerator between 0 and share_denominator and exact_denominator > 0),
  constraint allocation_line_amount check (amount_fen >= 0 and spare_fen between 0 and 1),
  -- A part is never a whole fen away from what it is exactly.
  constraint allocation_line_near check (
    abs(amount_fen * exact_denominator - exact_numerator) < exact_denominator)
);
create index allocation_line_village_code on allocation_line (village_code, run_id);

create table allocation_village (
  run_id integer not null constraint allocation_village_run references allocation_run (id),
  village_code text not null constraint allocation_village_village references village (code),
  amount_fen bigint not null,
  cost_fen bigint not null,
  net_fen bigint not null,
  -- What the ratio is measured on, and the least that goes to wages and labour fees.
  denominator_fen bigint not null,
  floor_fen bigint not null,
  primary key (run_id, village_code),
  constraint allocation_village_net check (net_fen >= 0 and cost_fen >= 0 and amount_fen = cost_fen + net_fen),
  constraint allocation_village_ratio check (
    denominator_fen between 0 and amount_fen and floor_fen between 0 and denominator_fen)
);

create table allocation_cost (
  run_id integer not null,
  village_code text not null,
  position smallint not null,
  line text not null,
  due_fen bigint not null,
  taken_fen bigint not null,
  is_capped boolean not null,
  reduces_denominator boolean not null,
  primary key (run_id, village_code, position),
  constraint allocation_cost_village foreign key (run_id, village_code)
    references allocation_village (run_id, village_code),
  constraint allocation_cost_line check (line in ('rent', 'operation', 'insurance', 'tax', 'reserve')),
  constraint allocation_cost_taken check (taken_fen between 0 and due_fen)
);

-- Parts sum to the whole, at the end of the transaction: sources, lines and villages each to the total, and each
-- village to its lines and its costs (requirement 28).
create function allocation_run_whole() returns trigger
language plpgsql as $$
begin
  if (select coalesce(sum(s.amount_fen), 0) from allocation_source s where s.run_id = new.id) <> new.total_fen
    or (select coalesce(sum(l.amount_fen), 0) from allocation_line l where l.run_id = new.id) <> new.total_fen
    or (select coalesce(sum(v.amount_fen), 0) from allocation_village v where v.run_id = new.id) <> new.total_fen
    or exists (
      select 1
      from allocation_village v
      left join lateral (
        select sum(l.amount_fen) as amount_fen
        from allocation_line l
        where l.run_id = v.run_id and l.village_code = v.village_code
      ) l on true
      left join lateral (
        select sum(c.taken_fen) as taken_fen
        from allocation_cost c
        where c.run_id = v.run_id and c.village_code = v.village_code
      ) c on true
      where v.run_id = new.id
        and (v.amount_fen <> coalesce(l.amount_fen, 0) or v.cost_fen <> coalesce(c.taken_fen, 0))
    )
    or exists (
      select 1
      from (
        select st.station_id, st.month, st.component, sum(s.amount_fen) as amount_fen
        from allocation_source s
        join receipt_match m on m.id = s.match_id
        join grid_statement st on st.id = m.statement_id
        where s.run_id = new.id
        group by st.station_id, st.month, st.component
      ) s
      full join (
        select l.station_id, l.month, l.component, sum(l.amount_fen) as amount_fen
        from allocation_line l
        where l.run_id = new.id
        group by l.station_id, l.month, l.component
      ) l using (station_id, month, component)
      where s.amount_fen is distinct from l.amount_fen
    )
  then
    raise exception using errcode = 'check_violation', constraint = 'allocation_run_whole',
      message = format('the parts of run %s do not sum to %s fen', new.id, new.total_fen);
  end if;
  return null;
end
$$;
create constraint trigger allocation_run_whole after insert or update on allocation_run
  deferrable initially deferred
  for each row execute function allocation_run_whole();

-- Parts come with their run: once it was approved or voided, nothing is added to it.
create function allocation_part_guard() returns trigger
language plpgsql as $$
begin
  if not exists (
    select 1
    from allocation_run r
    where r.id = new.run_id and r.state = 'proposed' and r.xmin::text = (pg_current_xact_id()::xid)::text
  ) then
    raise exception using errcode = 'check_violation', constraint = 'settlement_append_only',
      message = format('run %s takes no more parts', new.run_id);
  end if;
  return new;
end
$$;
create trigger allocation_span_guard before insert on allocation_span
  for each row execute function allocation_part_guard();
create trigger allocation_line_guard before insert on allocation_line
  for each row execute function allocation_part_guard();
create trigger allocation_village_guard before insert on allocation_village
  for each row execute function allocation_part_guard();
create trigger allocation_cost_guard before insert on allocation_cost
  for each row execute function allocation_part_guard();
create trigger allocation_source_part before insert on allocation_source
  for each row execute function allocation_part_guard();

create trigger settlement_policy_kept before delete on settlement_policy
  for each row execute function settlement_refuse();
create trigger settlement_policy_cost_append_only before update or delete on settlement_policy_cost
  for each row execute function settlement_refuse();
create trigger statement_mapping_append_only before update or delete on statement_mapping
  for each row execute function settlement_refuse();
create trigger statement_import_append_only before update or delete on statement_import
  for each row execute function settlement_refuse();
create trigger statement_import_refusal_append_only before update or delete on statement_import_refusal
  for each row execute function settlement_refuse();
create trigger grid_statement_append_only before update or delete on grid_statement
  for each row execute function settlement_refuse();
create trigger statement_reason_append_only before update or delete on statement_reason
  for each row execute function settlement_refuse();
create trigger bank_line_append_only before update or delete on bank_line
  for each row execute function settlement_refuse();
create trigger receipt_match_append_only before update or delete on receipt_match
  for each row execute function settlement_refuse();
create trigger allocation_run_kept before delete on allocation_run
  for each row execute function settlement_refuse();
create trigger allocation_source_kept before delete on allocation_source
  for each row execute function settlement_refuse();
create trigger allocation_span_append_only before update or delete on allocation_span
  for each row execute function settlement_refuse();
create trigger allocation_line_append_only before update or delete on allocation_line
  for each row execute function settlement_refuse();
create trigger allocation_village_append_only before update or delete on allocation_village
  for each row execute function settlement_refuse();
create trigger allocation_cost_append_only before update or delete on allocation_cost
  for each row execute function settlement_refuse();

create trigger grid_statement_no_truncate before truncate on grid_statement
  for each statement execute function settlement_refuse();
create trigger bank_line_no_truncate before truncate on bank_line
  for each statement execute function settlement_refuse();
create trigger receipt_match_no_truncate before truncate on receipt_match
  for each statement execute function settlement_refuse();
create trigger allocation_run_no_truncate before truncate on allocation_run
  for each statement execute function settlement_refuse();
create trigger allocation_line_no_truncate before truncate on allocation_line
  for each statement execute function settlement_refuse();

-- Down Migration
drop table allocation_cost, allocation_village, allocation_line, allocation_span, allocation_source, allocation_run,
  receipt_match, bank_line, statement_reason;
drop view grid_statement_in_force;
drop table grid_statement, statement_import_refusal, statement_import, statement_mapping, settlement_policy_cost,
  settlement_policy;
drop function allocation_part_guard();
drop function allocation_run_whole();
drop function allocation_source_guard();
drop function allocation_run_guard();
drop function receipt_match_guard();
drop function grid_statement_guard();
drop function settlement_policy_guard();
drop function settlement_refuse();
