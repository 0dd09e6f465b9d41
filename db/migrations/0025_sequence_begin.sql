-- After a restart the numbers begin anew, while messages of before it may still come: they are told by their readings.

alter table sensor_sequence add column begun_at timestamptz;
comment on table sensor_sequence is
  'Sequence numbers seen of a sensor since its last restart (epoch), capped to 64 gaps. Numbers of readings later than '
  'up_to_at are seen too, entered or not. begun_at: the earliest reading of the message that showed the restart; null: '
  'none was seen. asked: the numbers that the downlink asks for; resend_due_at: when it is to be changed.';
