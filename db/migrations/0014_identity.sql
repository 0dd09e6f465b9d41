-- Identity: what a label must say, which order a shipment answers, and what people read off labels.

alter table shipment add column coi_scheme text;
alter table shipment add constraint scheme_of_a_coi check (coi_scheme is null or coi is not null);

alter table unit add column expiry_local text check (expiry_local ~ '^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$');
alter table unit add constraint one_expiry check (expiry_at is null or expiry_local is null);
comment on table unit is
  'A bag in a shipment, by the code on its label; verdict and disposition are per unit. expiry_at is the sponsor''s '
  'instant; expiry_local is a date or minute as printed, of no zone.';

create table shipment_order (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  order_id bigint not null references therapy_order,
  reason text,
  known_at timestamptz not null
);
comment on table shipment_order is
  'The order a shipment answers; the newest row rules, the older ones say which was meant before.';
create index shipment_order_by_shipment on shipment_order (shipment_id, id);
insert into shipment_order (shipment_id, order_id, known_at)
  select id, order_id, known_at from shipment where order_id is not null;
comment on table shipment is
  'One closed container under one profile; the unit of judging and the lock target. Projections: profile_id (newest '
  'shipment_profile), order_id (newest shipment_order), packed_at and closed_at (from custody). judge_from: oldest '
  'instant not judged yet. revision: raised by whatever changes its judgement other than readings later than all '
  'before; keeper: the process that recorded for it last.';

create table label_scan (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  unit_code text,
  organisation_id bigint not null references organisation,
  person_key text not null check (person_key <> ''),
  person_name text not null check (person_name <> ''),
  read_at timestamptz not null,
  place text,
  remark text,
  parts json not null,
  known_at timestamptz not null
);
comment on table label_scan is
  'What one person read off the label of a unit, or of the box (unit_code null), whatever it was: parts keep every '
  'code as it came, with its symbology and whether it was typed. json, not jsonb: a scanner may send characters that '
  'jsonb does not take. unit_code is the bag that was meant, also one that is on no packing list.';
create index label_scan_by_shipment on label_scan (shipment_id, id);
