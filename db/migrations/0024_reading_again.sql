-- A reading is stored once, by the import that brings it first. Where that import is taken back, the reading is judged
-- on only if another import that stands says it too: so it has to be known who else does.

create table reading_again (
  sensor_id bigint not null references sensor (id),
  channel text collate "C" not null,
  measured_at timestamptz not null,
  value_milli_c integer,
  import_id bigint not null references logger_import (id),
  unique nulls not distinct (sensor_id, channel, measured_at, value_milli_c, import_id)
);
comment on table reading_again is
  'A value read out of a memory that an earlier import had brought already, milli-degrees Celsius (null: a fault), '
  'with the import that says it again: it stands while any import that says it does. Of read-outs from before this '
  'table every value in their stretch is entered, whoever says it: as they were judged.';

-- Until now whatever was read out was judged wherever any read-out stood: nothing that is judged changes by itself.
insert into reading_again (sensor_id, channel, measured_at, value_milli_c, import_id)
select r.sensor_id, r.channel, r.measured_at, r.value_milli_c, o.import_id
from readout o
join lateral (
  select sensor_id, channel, measured_at, value_milli_c, batch_id, source from reading
  union all select sensor_id, channel, measured_at, value_milli_c, batch_id, source from conflict
) r on r.sensor_id = o.sensor_id and r.channel = o.channel and r.measured_at between o.from_at and o.to_at
  and r.source = 1
join batch b on b.id = r.batch_id and b.import_id is distinct from o.import_id
on conflict do nothing;
