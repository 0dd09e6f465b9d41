-- A recording process remembers what it judged last. These columns say whether what it remembers still holds.

-- sensor first: the instants of a sensor then lie side by side, and a new one is compared by numbers alone
alter table reading drop constraint reading_pkey;
alter table reading add primary key (sensor_id, measured_at, channel, source);

create sequence keeper_id;

alter table sensor add column revision bigint not null default 0;
comment on table sensor is
  'A device that publishes. Its id is its MQTT user name and its topic. A value outside or at the end of its range is '
  'a fault. revision: raised by whatever changes its placements or certificates.';

alter table shipment
  add column revision bigint not null default 0,
  add column keeper bigint;
comment on table shipment is
  'One closed container under one profile; the unit of judging and the lock target. Projections: profile_id (newest '
  'shipment_profile), packed_at and closed_at (from custody). judge_from: oldest instant not judged yet. revision: '
  'raised by whatever changes its judgement other than readings later than all before; keeper: the process that '
  'recorded for it last.';
-- rows that are locked by every batch change in place
alter table sensor set (fillfactor = 80);
alter table shipment set (fillfactor = 80);
