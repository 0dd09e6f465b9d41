-- People of an organisation: who they are, what they may do, how they prove who they are.

create table person (
  id bigint generated always as identity primary key,
  organisation_id bigint not null references organisation,
  user_name text not null unique check (user_name ~ '^[a-z0-9][a-z0-9._@+-]{2,63}$'),
  printed_name text not null check (printed_name <> ''),
  email text,
  site_id bigint references site,
  known_at timestamptz not null,
  disabled_at timestamptz,
  failed_attempts integer not null default 0 check (failed_attempts >= 0),
  attempted_at timestamptz
);
comment on table person is
  'One person of an organisation. Disabled, never deleted, so the user name is never issued again. site: where they '
  'work, whose time zone stands beside their signatures. failed_attempts: since the last right password, running ones '
  'included; too many lock the person out for a while from attempted_at.';
create index person_by_organisation on person (organisation_id, id);

create table person_role (
  id bigint generated always as identity primary key,
  person_id bigint not null references person,
  organisation_id bigint not null references organisation,
  role text not null check (role in ('packer', 'dispatcher', 'carrier', 'distributor', 'receiver', 'verifier',
    'responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site', 'administrator', 'auditor')),
  known_at timestamptz not null,
  revoked_at timestamptz
);
comment on table person_role is
  'A role a person holds for an organisation: their own, or a sponsor for whose units they decide.';
create unique index person_role_held on person_role (person_id, organisation_id, role) where revoked_at is null;
create index person_role_by_organisation on person_role (organisation_id, id);

create table person_password (
  id bigint generated always as identity primary key,
  person_id bigint not null references person,
  hash text not null check (hash like '$argon2id$%'),
  temporary boolean not null,
  known_at timestamptz not null
);
comment on table person_password is
  'Passwords as argon2id hashes; the newest one of a person rules. A temporary one was made by the administrator and '
  'opens nothing but its own change.';
create index person_password_by_person on person_password (person_id, id);

create table person_session (
  id bigint generated always as identity primary key,
  person_id bigint not null references person,
  token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
  known_at timestamptz not null,
  used_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
comment on table person_session is
  'A person who is signed in. Only the hash of the token is kept. used_at moves once a minute at most; a session that '
  'nobody uses ends, and every session ends at expires_at.';
create index person_session_open on person_session (person_id) where ended_at is null;
