-- Which of a sensor's messages were seen, so that a lost one is noticed and asked for again.

create table sensor_sequence (
  sensor_id bigint primary key references sensor,
  epoch integer not null check (epoch >= 0),
  seen int8multirange not null,
  up_to_at timestamptz not null,
  missing_since timestamptz,
  asked int8multirange,
  attempts integer not null default 0 check (attempts >= 0),
  resend_due_at timestamptz
) with (fillfactor = 80);
comment on table sensor_sequence is
  'Sequence numbers seen of a sensor since its last restart (epoch), capped to 64 gaps. Numbers of readings later than '
  'up_to_at are seen too and not entered yet. asked: the numbers that the downlink asks for; resend_due_at: when it is '
  'to be changed.';
create index sensor_sequence_due on sensor_sequence (resend_due_at) where resend_due_at is not null;

create table sequence_event (
  id bigint generated always as identity primary key,
  sensor_id bigint not null references sensor,
  epoch integer not null,
  kind text not null check (kind in ('restart', 'missing', 'filled', 'given_up')),
  from_seq bigint not null,
  to_seq bigint not null check (to_seq >= from_seq),
  batch_id bigint not null,
  known_at timestamptz not null
);
comment on table sequence_event is
  'What was noticed of a sensor''s sequence numbers: a restart (battery, reset), numbers missing, filled, given up.';
create index sequence_event_by_sensor on sequence_event (sensor_id, id);
