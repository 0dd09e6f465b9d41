-- E-signatures: who signed which record, in which role, meaning what.

create table signature (
  id bigint generated always as identity primary key,
  person_id bigint not null references person,
  user_name text not null,
  printed_name text not null,
  organisation_id bigint not null references organisation,
  organisation_key text not null,
  role text not null,
  role_for_id bigint not null references organisation,
  role_for_key text not null,
  meaning text not null check (meaning in ('authored', 'reviewed', 'approved', 'packed', 'released_custody',
    'accepted_custody', 'received', 'verified', 'quarantined', 'released', 'released_exceptionally', 'rejected',
    'destroyed', 'witnessed')),
  reason text,
  tz_offset text not null check (tz_offset ~ '^[+-][0-9]{2}:[0-9]{2}$'),
  record_type text not null check (record_type <> ''),
  record_id text not null check (record_id <> ''),
  record_sha256 text not null check (record_sha256 ~ '^[0-9a-f]{64}$'),
  evaluation_version integer check (evaluation_version > 0),
  evaluation_sha256 text check (evaluation_sha256 ~ '^[0-9a-f]{64}$'),
  shipment_id bigint references shipment,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  known_at timestamptz not null,
  check ((evaluation_version is null) = (evaluation_sha256 is null))
);
comment on table signature is
  'An e-signature: a person proved anew who they are and signed the exact record whose hash stands here. Names and '
  'keys are those of the moment, which is known_at, the server''s clock. sha256 is that of the canonical signature '
  'record (src/domain/signature.ts). role_for: the organisation for which the role was held.';
create index signature_by_record on signature (record_type, record_id);
create index signature_by_shipment on signature (shipment_id) where shipment_id is not null;
