-- The service's own word in the ledger: stamps over its heads, and roots of the readings a judgement rests on.

create table service_key (
  id bigint generated always as identity primary key,
  kid text not null unique check (kid ~ '^[A-Za-z0-9_-]{43}$'),
  public_key text not null unique check (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  salt text not null check (salt <> ''),
  reason text not null check (reason <> ''),
  known_at timestamptz not null
);
comment on table service_key is
  'The keys with which the service stamps ledger heads; the newest is in use, each one until the next. Ed25519; the '
  'private half is made from salt and STAMP_SECRET whenever it is needed, and kept nowhere. kid: RFC 7638 thumbprint.';

create table ledger_stamp (
  shipment_id bigint not null,
  seq integer not null,
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  kid text not null references service_key (kid),
  signature text not null check (signature ~ '^[A-Za-z0-9_-]{86}$'),
  known_at timestamptz not null,
  primary key (shipment_id, seq),
  foreign key (shipment_id, seq) references custody_event
);
comment on table ledger_stamp is
  'The service''s key signed this head of a shipment''s ledger, in the transaction that wrote it: what was recorded up '
  'to there cannot be cut off or written anew. A machine''s stamp, never a signature.';

-- A readings_root is the service's own entry, of no organisation.
alter table custody_event alter column organisation_id drop not null;
alter table custody_event add check ((organisation_id is null) = (kind = 'readings_root'));

alter table shipment add column root_due boolean not null default false;
comment on column shipment.root_due is
  'An evaluation that somebody relied on (a readings_root names one) was superseded: the new one is to be rooted, too.';
create index shipment_root_due on shipment (id) where root_due;
