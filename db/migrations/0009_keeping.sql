-- Keeping data: how long, what must not go, and which months live in archives.

create table product_retention (
  id bigint generated always as identity primary key,
  product_id bigint not null references product,
  years jsonb not null,
  shelf_life_years integer check (shelf_life_years > 0),
  reason text not null check (reason <> ''),
  known_at timestamptz not null
);
comment on table product_retention is
  'Years after expiry that the sponsor keeps the records of a product, by class; the newest row rules, and none is '
  'shorter than the one before. shelf_life_years: no unit expires later after its journey ended; counts where a unit '
  'states no expiry.';
create index product_retention_by_product on product_retention (product_id, id);

create table legal_hold (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  subject text not null check (subject in ('shipment', 'lot', 'sensor', 'product', 'all')),
  shipment_id bigint references shipment,
  product_id bigint references product,
  lot text check (lot <> ''),
  sensor_id bigint references sensor,
  reason text not null check (reason <> ''),
  actor_kind text not null,
  actor_id text not null,
  lifts_id bigint unique references legal_hold,
  known_at timestamptz not null,
  check ((subject = 'shipment') = (shipment_id is not null)),
  check ((subject in ('lot', 'product')) = (product_id is not null)),
  check ((subject = 'lot') = (lot is not null)),
  check ((subject = 'sensor') = (sensor_id is not null))
);
comment on table legal_hold is
  'What must not be dropped although its retention has passed, who said so and why. lifts_id: the row lifts that hold, '
  'and holds nothing itself.';

create table archive (
  id bigint generated always as identity primary key,
  name text not null unique,
  table_name text not null check (table_name in ('reading', 'observation')),
  month date not null check (extract(day from month) = 1),
  rows bigint not null check (rows >= 0),
  conflicts bigint not null check (conflicts >= 0),
  manifest jsonb not null,
  manifest_sha256 text not null check (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  known_at timestamptz not null
);
comment on table archive is
  'A month of a table that was written to an archive, verified, and dropped in the transaction of this row. A month is '
  'archived while its newest row here has no archive_restoration.';
create index archive_by_month on archive (table_name, month, id);

create table archive_restoration (
  archive_id bigint primary key references archive,
  known_at timestamptz not null
);
comment on table archive_restoration is 'The rows of an archive are back in the database, verified.';

create table archived_series (
  archive_id bigint not null references archive,
  placement_id bigint not null references placement,
  cells jsonb not null,
  primary key (archive_id, placement_id)
);
comment on table archived_series is
  'What the readings of a placement in an archived month come to, hour by hour, as of the archiving: [hour, values, '
  'faults, lowest and highest corrected milli-degrees, first and last valid instant, gap], times in ms since 1970. '
  'The series stays readable without the archive.';

-- A month that is archived is not made again by whoever wants to store something in it: an empty month would look like
-- one without readings. UB001 says so to the door, which keeps the message.
create or replace function ensure_month_partition(parent text, month date) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', month);
  name text := parent || '_' || to_char(first, 'YYYY_MM');
  from_at text := to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00';
  to_at text := to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00';
begin
  if parent not in ('reading', 'observation') then
    raise exception '% is not partitioned by month', parent using errcode = '22023';
  end if;
  if first < date '2001-01-01' then
    raise exception 'no partition before 2001-01: what was measured at % is held at the door', first
      using errcode = '22008';
  end if;
  perform pg_advisory_xact_lock(hashtext('ensure_month_partition ' || parent));
  if to_regclass('public.' || name) is not null then
    return;
  end if;
  if exists (select from public.archive a where a.table_name = parent and a.month = first
    and not exists (select from public.archive_restoration r where r.archive_id = a.id)) then
    raise exception 'the month % of % is archived: restore it first', first, parent using errcode = 'UB001';
  end if;
  execute format('create table public.%I (like public.%I including defaults including constraints)', name, parent);
  execute format('alter table public.%I add constraint %I check (measured_at >= %L and measured_at < %L)',
    name, name || '_month', from_at, to_at);
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)',
    parent, name, from_at, to_at);
  execute format('alter table public.%I drop constraint %I', name, name || '_month');
end;
$$;
comment on function ensure_month_partition(text, date) is
  'Creates the partition of a month (2001 onward) of reading or observation when it is missing; refuses one that is '
  'archived (UB001).';
