-- Files of loggers: their bytes as they came, what was read from them with which answers, and the stretch of a sensor's
-- memory they hold.

create table logger_file (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint not null check (bytes > 0),
  known_at timestamptz not null,
  unique (organisation_id, sha256)
);
comment on table logger_file is
  'A file as a logger or its vendor''s program wrote it. Some are signed by their maker: the bytes are the evidence.';

create table logger_file_part (
  file_id bigint not null references logger_file,
  ordinal integer not null check (ordinal >= 0),
  content bytea not null,
  primary key (file_id, ordinal)
);
comment on table logger_file_part is 'The bytes of a file in order, in parts small enough to be read one by one.';

create table logger_import (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  sensor_id bigint not null references sensor,
  file_id bigint not null references logger_file,
  answers jsonb not null,
  answers_sha256 text not null check (answers_sha256 ~ '^[0-9a-f]{64}$'),
  serial_differs text,
  dialect text not null,
  summary jsonb not null,
  known_at timestamptz not null,
  unique (sensor_id, file_id, answers_sha256)
);
comment on table logger_import is
  'A file read for a sensor with the answers a person gave (zone, order of dates, unit, channels), and the account of '
  'its lines. The same file with the same answers is the same import. serial_differs: why another serial number fits.';

create table logger_import_run (
  id bigint generated always as identity primary key,
  import_id bigint not null references logger_import,
  stored integer not null,
  duplicates integer not null,
  conflicts integer not null,
  held integer not null,
  observations integer not null,
  known_at timestamptz not null
);
comment on table logger_import_run is
  'An import that came to its end. Without a row here it was interrupted, and importing the file again goes on. held: '
  'readings of an implausible time; they are met again by the next run.';
create index logger_import_run_by_import on logger_import_run (import_id, id);

create table readout (
  id bigint generated always as identity primary key,
  import_id bigint not null references logger_import,
  sensor_id bigint not null references sensor,
  channel text not null collate "C",
  from_at timestamptz not null,
  to_at timestamptz not null,
  resolution_milli_c integer not null check (resolution_milli_c > 0),
  interval_ms bigint check (interval_ms > 0),
  known_at timestamptz not null,
  superseded_at timestamptz,
  superseded_reason text,
  check (from_at <= to_at)
);
comment on table readout is
  'A stretch [from_at, to_at] of a sensor channel''s memory that was read out whole: there it alone is judged. Written '
  'with the last of its readings; resolution_milli_c is the smallest step of the printed values.';
create unique index readout_once on readout (import_id, channel, from_at, to_at) where superseded_at is null;
create index readout_by_channel on readout (sensor_id, channel, from_at) where superseded_at is null;

alter table batch add column import_id bigint references logger_import;
comment on table batch is
  'One recording transaction: the audit row of its readings, and the instant from which they were known. import_id: '
  'the import its readings come from.';
