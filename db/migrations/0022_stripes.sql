-- A batch of 5,000 readings concerns 5,000 sensors of a large fleet: to lock and compare each row cost as much as half
-- of the insert. It holds stripes instead (id modulo 64), whose revision says whether any of them may have changed.

create table sensor_stripe (
  id smallint primary key,
  revision bigint not null default 0
) with (fillfactor = 50);
comment on table sensor_stripe is
  'Sensors by id modulo 64. revision: raised with that of any of its sensors; who records holds the stripe''s advisory '
  'lock shared, who changes placements or certificates alone.';

create table shipment_stripe (
  id smallint primary key,
  revision bigint not null default 0,
  keeper bigint
) with (fillfactor = 50);
comment on table shipment_stripe is
  'Shipments by id modulo 64, and their lock target while their windows are open. revision: raised with that of any of '
  'them by whoever does not record, and with the keeper; keeper: the process that recorded for any of them last.';

insert into sensor_stripe (id) select generate_series(0, 63);
insert into shipment_stripe (id) select generate_series(0, 63);

-- Shared advisory locks, which are given in the order they are asked for: batches that overlap without end would keep a
-- change waiting as long. The class is that of `stripes.ts`. Volatile, so that what is read after a lock was waited for
-- is not older than the lock.
create function hold_sensor_stripes(stripes integer[], remembered bigint[])
returns table (stripe smallint, revision bigint)
language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock_shared(24144, one) from unnest(stripes) as one;
  return query select s.id, s.revision from sensor_stripe s
    join unnest(stripes, remembered) as r(id, revision) on r.id = s.id where r.revision <> s.revision;
end $$;
comment on function hold_sensor_stripes is
  'Holds stripes of sensors together with other recorders until the transaction ends, in the order given; answers '
  'those whose revision is not the one that is remembered.';
