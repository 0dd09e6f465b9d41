-- Late truth: what somebody relied on came out otherwise, and a person has to look again.

create table re_review (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  evaluation_version integer not null check (evaluation_version > 0),
  evaluation_sha256 text not null check (evaluation_sha256 ~ '^[0-9a-f]{64}$'),
  found jsonb not null,
  found_sha256 text not null check (found_sha256 ~ '^[0-9a-f]{64}$'),
  ordinal bigint not null default nextval('knowledge'),
  known_at timestamptz not null
);
comment on table re_review is
  'Something that people relied on came out otherwise by an evaluation, or by what the sponsor says about a lot. '
  'found: on which grounds, who relied on them, whom to notify. Ends with a re_review_decision only, whatever comes in '
  'later.';
create index re_review_by_shipment on re_review (shipment_id, id);

create table re_review_decision (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  up_to_id bigint not null references re_review,
  evaluation_version integer not null check (evaluation_version > 0),
  evaluation_sha256 text not null check (evaluation_sha256 ~ '^[0-9a-f]{64}$'),
  conclusion text not null check (conclusion in ('stands', 'decided_anew')),
  reason text not null check (reason <> ''),
  ordinal bigint not null default nextval('knowledge'),
  known_at timestamptz not null
);
comment on table re_review_decision is
  'A person looked again and signed (signature.record_type re_review_decision): ends the re-reviews of the shipment up '
  'to up_to_id, on the ground of that evaluation.';
create index re_review_decision_by_shipment on re_review_decision (shipment_id, id);

alter table shipment add column review_due boolean not null default false;
comment on column shipment.review_due is
  'Something changed on which somebody may have relied: to be compared with what they knew.';
create index shipment_review_due on shipment (id) where review_due;
