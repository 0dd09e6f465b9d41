-- What a sponsor says about a lot: its batch status, that it is on hold, that it is recalled; before and after receipt.

create table lot_decision (
  id bigint generated always as identity primary key,
  product_id bigint not null references product,
  lot text not null check (lot <> ''),
  kind text not null check (kind in ('batch_status', 'hold', 'recall')),
  batch_status text check (batch_status in ('released', 'pending', 'unknown')),
  reference text check (reference <> ''),
  reason text not null check (reason <> ''),
  lifts_id bigint unique references lot_decision,
  known_at timestamptz not null,
  check ((kind = 'batch_status') = (batch_status is not null)),
  check (lifts_id is null or kind <> 'batch_status')
);
comment on table lot_decision is
  'Decisions of the sponsor''s QA about a lot, each signed (signature.record_type lot_decision). Of batch statuses the '
  'newest rules. lifts_id: the row lifts that hold or recall, and is none itself. reference: number in the sponsor''s '
  'quality system.';
create index lot_decision_by_lot on lot_decision (product_id, lot, id);
-- whether anything was said since: asked with every status
create index lot_decision_by_product on lot_decision (product_id, id);

-- Which shipments a lot is in: the reach of a recall.
create index unit_by_lot on unit (lot, shipment_id) where lot is not null;
