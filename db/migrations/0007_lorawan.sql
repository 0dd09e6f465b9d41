-- LoRaWAN: which device a sensor is on a network server, and how its bytes are read.

create table lorawan_registration (
  id bigint generated always as identity primary key,
  sensor_id bigint not null references sensor,
  dev_eui text not null check (dev_eui ~ '^[0-9a-f]{16}$'),
  decoder text,
  fields jsonb not null,
  reason text,
  known_at timestamptz not null,
  superseded_at timestamptz
);
comment on table lorawan_registration is
  'The DevEUI under which a network server publishes a sensor, and how its uplinks are read: the name of a decoder '
  '(null: not known yet), and for "decoded" the fields of the network server''s decoded payload. A change supersedes.';
create unique index lorawan_registration_dev_eui on lorawan_registration (dev_eui) where superseded_at is null;
create unique index lorawan_registration_sensor on lorawan_registration (sensor_id) where superseded_at is null;

-- Of a device that no sensor was registered for when the message came.
alter table kept_message add column dev_eui text;
create index kept_message_by_device on kept_message (dev_eui, id) where dev_eui is not null;
