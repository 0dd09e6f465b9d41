-- What channels beyond temperature measure: humidity, tilt, shock, light, pressure, battery, mass, position.

create table observation (
  sensor_id bigint not null,
  measured_at timestamptz not null,
  received_at timestamptz not null,
  batch_id bigint not null,
  seq bigint,
  value bigint,
  quantity smallint not null check (quantity > 0),
  channel text not null collate "C",
  raw text,
  unique nulls not distinct (sensor_id, quantity, measured_at, channel, value)
) partition by range (measured_at);
comment on table observation is
  'What a sensor channel measured beside temperature, a whole number in the scale of its quantity (codes and scales: '
  'src/domain/quantity.ts); null: a fault. The value is part of the key: an equal one is a duplicate, contradicting '
  'ones are both kept. raw: the text where it says more.';

-- One function for every table that is partitioned by month. ATTACH waits for no running insert where PARTITION OF
-- would. The function runs as its owner: the serving role owns nothing. The advisory lock lets two callers ask at once.
create function ensure_month_partition(parent text, month date) returns void
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
  execute format('create table public.%I (like public.%I including defaults including constraints)', name, parent);
  execute format('alter table public.%I add constraint %I check (measured_at >= %L and measured_at < %L)',
    name, name || '_month', from_at, to_at);
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)',
    parent, name, from_at, to_at);
  execute format('alter table public.%I drop constraint %I', name, name || '_month');
end;
$$;
comment on function ensure_month_partition(text, date) is
  'Creates the partition of a month (2001 onward) of reading or observation when it is missing.';

create or replace function ensure_reading_partition(month date) returns void
language sql security definer set search_path = pg_catalog, public
begin atomic
  select public.ensure_month_partition('reading', month);
end;
