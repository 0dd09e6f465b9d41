-- The order in which things became known, for recomputing what was known then: a clock has ties, and those of two
-- processes differ. A number is taken while the locks of the shipments concerned are held, so it orders whatever
-- concerns one shipment as it was committed.

create sequence knowledge;

alter table batch add column ordinal bigint;
alter table evaluation add column ordinal bigint;
alter table custody_event add column ordinal bigint;

with known as (
  select nextval('knowledge') as ordinal, k.* from (
    select 0 as rank, id as a, 0 as b, known_at from batch
    union all select 1, shipment_id, version, known_at from evaluation
    union all select 2, shipment_id, seq, known_at from custody_event
    order by known_at, rank, a, b) k
), batches as (update batch t set ordinal = k.ordinal from known k where k.rank = 0 and t.id = k.a),
evaluations as (update evaluation t set ordinal = k.ordinal from known k
  where k.rank = 1 and t.shipment_id = k.a and t.version = k.b)
update custody_event t set ordinal = k.ordinal from known k
  where k.rank = 2 and t.shipment_id = k.a and t.seq = k.b;

alter table batch alter column ordinal set not null, alter column ordinal set default nextval('knowledge');
alter table evaluation alter column ordinal set not null, alter column ordinal set default nextval('knowledge');
alter table custody_event alter column ordinal set not null, alter column ordinal set default nextval('knowledge');
comment on column batch.ordinal is 'Its place in the order in which things became known (sequence knowledge).';
comment on column evaluation.ordinal is 'Rests on the batches with a lower ordinal.';
comment on column custody_event.ordinal is 'Whoever made it could know the batches with a lower ordinal.';
