-- Smaller readings: a row in which nothing is null needs no list of what is, eight bytes of ninety-two.

alter table reading alter column raw set default '';
comment on table reading is
  'What a sensor channel measured at an instant, milli-degrees Celsius; null: the sensor reported a fault. raw: the '
  'text where it says more, else empty (null in older rows). source 0: sent live; 1: read out of the memory, the '
  'original where it exists.';

comment on table sensor_sequence is
  'Sequence numbers seen of a sensor since its last restart (epoch), capped to 64 gaps. Numbers of readings later than '
  'up_to_at are seen too, entered or not. asked: the numbers that the downlink asks for; resend_due_at: when it is to '
  'be changed.';
