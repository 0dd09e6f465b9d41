-- After a restart the numbers begin anew, while messages of before it may still come: they are told by their readings.
-- Each number is asked for so often and no more, however many others get lost meanwhile.

alter table sensor_sequence
  add column begun_at timestamptz,
  add column asked_times int8multirange[] not null default '{}';
comment on table sensor_sequence is
  'Sequence numbers seen of a sensor since its last restart (epoch), capped to 64 gaps. Numbers of readings later than '
  'up_to_at are seen too, entered or not. begun_at: the earliest reading of the message that showed the restart; null: '
  'none was seen. asked: the numbers that the downlink asks for; attempts: its attempt; asked_times: the missing '
  'numbers that were asked for once, twice and so on; resend_due_at: when the downlink is to be changed.';
