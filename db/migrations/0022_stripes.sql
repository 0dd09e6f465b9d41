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
