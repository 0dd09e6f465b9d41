-- Two sources speak for one sensor: what it sent while under way, and what its memory holds when it is read out.

alter table reading add column source smallint not null default 0 check (source in (0, 1));
alter table reading drop constraint reading_pkey;
alter table reading add primary key (sensor_id, channel, measured_at, source);
comment on table reading is
  'What a sensor channel measured at an instant, milli-degrees Celsius; null: the sensor reported a fault. raw: the '
  'text where it says more. source 0: sent live; 1: read out of the memory, the original where it exists.';

alter table conflict add column source smallint not null default 0 check (source in (0, 1));
alter table conflict drop constraint conflict_sensor_id_channel_measured_at_value_milli_c_key;
alter table conflict add unique nulls not distinct (sensor_id, channel, measured_at, value_milli_c, source);
