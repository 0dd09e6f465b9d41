-- The ground: who there is, what travels, what was measured, what was judged, who did what.
-- Every input carries known_at (the service's clock when it learned it) and is superseded, never updated.

create extension if not exists btree_gist;

-- Organisations, their sites and their machines ---------------------------------------------------------------------

create table organisation (
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  gln text unique check (gln ~ '^[0-9]{13}$'),
  known_at timestamptz not null
);
comment on table organisation is
  'A party: sponsor, manufacturer, distributor, carrier, treatment centre. GLN where it has one.';

create table site (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  name text not null check (name <> ''),
  gln text check (gln ~ '^[0-9]{13}$'),
  time_zone text not null,
  known_at timestamptz not null,
  unique (organisation_id, name)
);
comment on table site is 'A place of an organisation, with the IANA time zone in which its people read times.';

create table api_key (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  role text not null
    check (role in ('administrator', 'sponsor', 'distributor', 'carrier', 'treatment_centre', 'auditor')),
  label text not null,
  secret_sha256 bytea not null unique check (octet_length(secret_sha256) = 32),
  known_at timestamptz not null,
  revoked_at timestamptz
);
comment on table api_key is 'A machine of an organisation with one role. Only the hash of the key is kept.';

-- Products and their limits -----------------------------------------------------------------------------------------

create table product (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  name text not null check (name <> ''),
  gtin text check (gtin ~ '^[0-9]{14}$'),
  known_at timestamptz not null,
  unique (organisation_id, name)
);
comment on table product is 'A therapy or its material, owned by its sponsor.';

create table profile (
  id bigint generated always as identity primary key,
  product_id bigint not null references product,
  version integer not null check (version > 0),
  name text not null check (name <> ''),
  definition jsonb not null,
  example boolean not null,
  known_at timestamptz not null,
  unique (product_id, version)
);
comment on table profile is
  'One version of a product''s temperature limits (label range, levels, intervals). Never changed; a change is a new '
  'version.';

create table profile_approval (
  profile_id bigint primary key references profile,
  approver text not null check (approver <> ''),
  source text not null check (source <> ''),
  effective_at timestamptz not null,
  known_at timestamptz not null
);
comment on table profile_approval is
  'Who approved a profile version, on which stability document, and from when it rules.';

-- Sensors -----------------------------------------------------------------------------------------------------------

create table sensor (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  serial text not null check (serial <> ''),
  model text not null,
  range_low_milli_c integer,
  range_high_milli_c integer,
  noisy boolean not null,
  secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
  known_at timestamptz not null,
  unique (organisation_id, serial),
  check (range_low_milli_c < range_high_milli_c)
);
comment on table sensor is
  'A device that publishes. Its id is its MQTT user name and its topic. A value outside or at the end of its range is '
  'a fault.';

create table calibration (
  id bigint generated always as identity primary key,
  sensor_id bigint not null references sensor,
  channel text not null,
  certificate text not null check (certificate <> ''),
  laboratory text not null,
  calibrated_at timestamptz not null,
  due_at timestamptz not null,
  points jsonb not null,
  uncertainty_milli_c integer not null check (uncertainty_milli_c >= 0),
  known_at timestamptz not null,
  superseded_at timestamptz,
  superseded_reason text,
  check (calibrated_at < due_at)
);
comment on table calibration is
  'A certificate of one sensor channel: points {atMilliC, correctionMilliC}; correction = reference - indicated.';
create index calibration_by_sensor on calibration (sensor_id, channel, calibrated_at);

-- Orders and shipments ----------------------------------------------------------------------------------------------

create table therapy_order (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  number text not null check (number <> ''),
  product_id bigint not null references product,
  consignee_id bigint not null references organisation,
  coi text,
  coi_scheme text,
  expected jsonb not null,
  needed_by timestamptz,
  known_at timestamptz not null,
  unique (organisation_id, number),
  check ((coi is null) = (coi_scheme is null))
);
comment on table therapy_order is 'What the centre expects; entered by the centre or the sponsor, never by the packer.';

create table container (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  serial text not null check (serial <> ''),
  kind text not null check (kind in ('dry_vapour_shipper', 'dry_ice_box', 'pcm_box', 'active_container')),
  grai text,
  qualified_until timestamptz,
  hold_time_ms bigint check (hold_time_ms > 0),
  known_at timestamptz not null,
  unique (organisation_id, serial)
);
comment on table container is 'A box or dewar with its qualification; an object of its own that outlives shipments.';

create table shipment (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  reference text not null check (reference <> ''),
  order_id bigint references therapy_order,
  product_id bigint not null references product,
  consignee_id bigint not null references organisation,
  container_id bigint references container,
  sscc text unique check (sscc ~ '^[0-9]{18}$'),
  coi text,
  max_handover_ms bigint not null check (max_handover_ms > 0),
  known_at timestamptz not null,
  profile_id bigint not null references profile,
  packed_at timestamptz,
  closed_at timestamptz,
  judge_from timestamptz,
  unique (organisation_id, reference)
);
comment on table shipment is
  'One closed container under one profile; the unit of judging and the lock target. Projections: profile_id (newest '
  'shipment_profile), packed_at and closed_at (from custody). judge_from: oldest instant not judged yet.';
create index shipment_unjudged on shipment (id) where judge_from is not null;

create table shipment_party (
  shipment_id bigint not null references shipment,
  organisation_id bigint not null references organisation,
  role text not null check (role in ('sponsor', 'sender', 'carrier', 'distributor', 'consignee')),
  known_at timestamptz not null,
  primary key (shipment_id, organisation_id, role)
);
comment on table shipment_party is 'Which organisations a shipment concerns: who may see it and speak about it.';
create index shipment_party_by_organisation on shipment_party (organisation_id, shipment_id);

create table shipment_profile (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  profile_id bigint not null references profile,
  reason text,
  known_at timestamptz not null
);
comment on table shipment_profile is
  'The profile version pinned to a shipment; the newest row rules, the older ones say what ruled before.';
create index shipment_profile_by_shipment on shipment_profile (shipment_id, id);

create table unit (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  code text not null check (code <> ''),
  gtin text check (gtin ~ '^[0-9]{14}$'),
  serial text,
  din text,
  lot text,
  expiry_at timestamptz,
  known_at timestamptz not null,
  unique (shipment_id, code)
);
comment on table unit is 'A bag in a shipment, by the code on its label; verdict and disposition are per unit.';

-- Placements: the link from a reading to a shipment is this interval -------------------------------------------------

create table placement (
  id bigint generated always as identity primary key,
  sensor_id bigint not null references sensor,
  channel text not null,
  shipment_id bigint not null references shipment,
  role text not null check (role in ('product', 'product_backup', 'ambient', 'lid', 'tilt', 'shock', 'weight')),
  from_at timestamptz not null,
  to_at timestamptz,
  until_window_end boolean not null,
  calibration_id bigint references calibration,
  corrects_id bigint references placement,
  reason text,
  known_at timestamptz not null,
  superseded_at timestamptz,
  check (to_at is null or from_at < to_at),
  exclude using gist (sensor_id with =, channel with =, tstzrange(from_at, to_at) with &&)
    where (superseded_at is null and role <> 'ambient') deferrable initially deferred
);
comment on table placement is
  'This sensor channel rides with this shipment in this role during [from_at, to_at). Correcting supersedes and '
  'inserts.';
create index placement_by_shipment on placement (shipment_id) where superseded_at is null;
create index placement_by_sensor on placement (sensor_id) where superseded_at is null;

-- What came in ------------------------------------------------------------------------------------------------------

create table batch (
  id bigint generated by default as identity primary key,
  known_at timestamptz not null,
  messages integer not null,
  readings integer not null,
  duplicates integer not null,
  conflicts integer not null
);
comment on table batch is
  'One recording transaction: the audit row of its readings, and the instant from which they were known.';

create table reading (
  sensor_id bigint not null,
  measured_at timestamptz not null,
  received_at timestamptz not null,
  batch_id bigint not null,
  seq bigint,
  value_milli_c integer,
  channel text not null collate "C",
  raw text,
  primary key (sensor_id, channel, measured_at)
) partition by range (measured_at);
comment on table reading is
  'What a sensor channel measured at an instant, milli-degrees Celsius; null: the sensor reported a fault. raw: the '
  'text where it says more.';

create table conflict (
  id bigint generated always as identity primary key,
  sensor_id bigint not null,
  channel text not null collate "C",
  measured_at timestamptz not null,
  value_milli_c integer,
  raw text,
  seq bigint,
  received_at timestamptz not null,
  batch_id bigint not null,
  payload bytea not null,
  unique nulls not distinct (sensor_id, channel, measured_at, value_milli_c)
);
comment on table conflict is
  'Another value for the instant of a stored reading: both are kept, the worse one is judged.';

create table kept_message (
  id bigint generated always as identity primary key,
  outcome text not null check (outcome in ('rejected', 'held', 'quarantined')),
  reason text not null,
  detail text not null,
  topic text not null,
  content_type text,
  payload bytea not null,
  sensor_id bigint,
  received_at timestamptz not null,
  known_at timestamptz not null
);
comment on table kept_message is
  'A message a person must look at, with its raw bytes: rejected (cannot be read), held (implausible clock), '
  'quarantined (unknown sensor).';
create index kept_message_by_sensor on kept_message (sensor_id, id);

create table kept_message_release (
  kept_message_id bigint primary key references kept_message,
  reason text not null check (reason <> ''),
  readings integer not null,
  known_at timestamptz not null
);
comment on table kept_message_release is 'A person sent a held or quarantined message through the door again.';

-- Custody -----------------------------------------------------------------------------------------------------------

create table custody_event (
  shipment_id bigint not null references shipment,
  seq integer not null check (seq > 0),
  kind text not null,
  at timestamptz not null,
  known_at timestamptz not null,
  organisation_id bigint not null references organisation,
  record jsonb not null,
  prev_hash text not null check (prev_hash ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  primary key (shipment_id, seq)
);
comment on table custody_event is
  'The ledger of a shipment in order of recording; record is the statement that is hashed (RFC 8785) together with '
  'seq and prevHash.';

-- What was judged ---------------------------------------------------------------------------------------------------

create table evaluation (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  version integer not null check (version > 0),
  judge_version integer not null,
  profile_id bigint not null references profile,
  status text not null check (status in ('in_range', 'excursion_below_alarm', 'indeterminate', 'alarm')),
  severity text check (severity in ('warning', 'major', 'critical')),
  complete boolean not null,
  window_from_at timestamptz,
  window_to_at timestamptz,
  inputs jsonb not null,
  inputs_sha256 text not null check (inputs_sha256 ~ '^[0-9a-f]{64}$'),
  content jsonb not null,
  content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
  statistics jsonb not null,
  known_at timestamptz not null,
  unique (shipment_id, version)
);
comment on table evaluation is
  'A version of the judgement of a shipment: inputs and content decide whether it is a new one; statistics (counts, '
  'coverage, extent of open events) are as of known_at.';

-- Caches: deleting every row changes nothing but the time the next judgement takes ------------------------------------

create table checkpoint (
  placement_id bigint not null references placement,
  ordinal bigint not null,
  up_to_at bigint not null,
  fingerprint text not null,
  valid bigint not null,
  faults bigint not null,
  conflicts bigint not null,
  intervals integer not null,
  covered_ms bigint not null,
  state bigint[] not null,
  primary key (placement_id, ordinal)
) with (fillfactor = 50);
comment on table checkpoint is
  'Cache: the fold of a placement after an instant (epoch ms). ordinal -1 is the tip; the others stand every 256 '
  'readings.';

create table judged_interval (
  placement_id bigint not null references placement,
  ordinal integer not null,
  level smallint not null,
  kind smallint not null,
  from_ms bigint not null,
  to_ms bigint not null,
  last_out_ms bigint,
  extreme_milli_c integer,
  primary key (placement_id, ordinal)
);
comment on table judged_interval is
  'Cache: confirmed, presumed and gap intervals of a placement in the order the fold closed them.';

-- Actors ------------------------------------------------------------------------------------------------------------

create table audit_entry (
  id bigint generated always as identity primary key,
  known_at timestamptz not null,
  actor_kind text not null check (actor_kind in ('machine', 'person', 'sensor', 'service')),
  actor_id text not null,
  organisation_id bigint,
  role text,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  reason text,
  request_id text
);
comment on table audit_entry is 'Who did what, when, before and after, why; written in the transaction of the deed.';
create index audit_entry_by_subject on audit_entry (subject_kind, subject_id, id);

create table idempotency (
  organisation_id bigint not null references organisation,
  key text not null,
  request_sha256 text not null,
  status integer not null,
  response jsonb not null,
  known_at timestamptz not null,
  primary key (organisation_id, key)
);
comment on table idempotency is 'The answer already given to a POST with this Idempotency-Key.';

-- Partitions --------------------------------------------------------------------------------------------------------

-- Creates and attaches the partition of one month. ATTACH waits for no running insert where PARTITION OF would. The
-- function runs as its owner: the serving role owns nothing. The advisory lock lets two callers ask at once.
create function ensure_reading_partition(month date) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', month);
  name text := 'reading_' || to_char(first, 'YYYY_MM');
  from_at text := to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00';
  to_at text := to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00';
begin
  if first < date '2001-01-01' then
    raise exception 'no partition before 2001-01: a reading of % is held at the door', first using errcode = '22008';
  end if;
  perform pg_advisory_xact_lock(hashtext('ensure_reading_partition'));
  if to_regclass('public.' || name) is not null then
    return;
  end if;
  execute format('create table public.%I (like public.reading including defaults including constraints)', name);
  execute format('alter table public.%I add constraint %I check (measured_at >= %L and measured_at < %L)',
    name, name || '_month', from_at, to_at);
  execute format('alter table public.reading attach partition public.%I for values from (%L) to (%L)',
    name, from_at, to_at);
  execute format('alter table public.%I drop constraint %I', name, name || '_month');
end;
$$;
comment on function ensure_reading_partition(date) is
  'Creates the reading partition of a month (2001 onward) when it is missing.';
