-- The stability budget of a unit over its life: what each shipment used of it, what was declared, what was inherited.

create index unit_by_code on unit (code);

create table unit_declaration (
  id bigint generated always as identity primary key,
  unit_id bigint not null references unit,
  organisation_id bigint not null references organisation,
  used jsonb not null,
  signature text not null check (signature <> ''),
  reason text not null check (reason <> ''),
  known_at timestamptz not null
);
comment on table unit_declaration is
  'What the sender says a unit used of its stability budget outside of monitored shipments, since the one before this '
  '(tank, depot, handling): [{band, consumedMs, presumedMs}] and the signed figure it stands on. A later one of the '
  'same shipment takes its place.';
create index unit_declaration_by_unit on unit_declaration (unit_id, id);

create table unit_split (
  id bigint generated always as identity primary key,
  unit_id bigint not null references unit,
  parent_unit_id bigint not null references unit,
  split_at timestamptz not null,
  organisation_id bigint not null references organisation,
  reason text not null check (reason <> ''),
  known_at timestamptz not null,
  check (unit_id <> parent_unit_id)
);
comment on table unit_split is
  'This unit was split off that unit or lot at split_at and inherits what was used until then. The newest statement '
  'about a unit rules.';
create index unit_split_by_unit on unit_split (unit_id, id);

create table budget_posting (
  unit_id bigint not null references unit,
  number integer not null check (number > 0),
  evaluation_version integer not null check (evaluation_version >= 0),
  state text not null,
  unobserved jsonb not null,
  known_at timestamptz not null,
  primary key (unit_id, number)
);
comment on table budget_posting is
  'A run of posting for a unit of a shipment: the state of what it was made from, so that the next asker sees whether '
  'it still holds, and the time nobody saw {ms, presumed}. The number lets one of two runs at once win.';

create table budget_entry (
  id bigint generated always as identity primary key,
  unit_id bigint not null references unit,
  band text not null check (band <> ''),
  consumed_ms bigint not null,
  presumed_ms bigint not null,
  source text not null check (source in ('evaluation', 'declared', 'inherited')),
  version bigint not null check (version >= 0),
  declaration_id bigint references unit_declaration,
  parent_unit_id bigint references unit,
  earlier_use text check (earlier_use in ('declared', 'not_declared')),
  reverses bigint unique references budget_entry,
  known_at timestamptz not null,
  check ((source = 'declared') = (declaration_id is not null)),
  check ((source = 'inherited') = (parent_unit_id is not null)),
  check ((source = 'inherited') = (earlier_use is not null)),
  check (case when reverses is null then consumed_ms >= 0 and presumed_ms >= 0
    else consumed_ms <= 0 and presumed_ms <= 0 end)
);
comment on table budget_entry is
  'The budget ledger: time a unit spent in a band outside its label, milliseconds, presumed time apart. Never changed: '
  'what no longer holds is reversed by an entry with the same times below zero. version: of the evaluation, the '
  'declaration, or the parent''s ledger (its newest entry).';
create index budget_entry_by_unit on budget_entry (unit_id, id);
