-- Receipt and decisions: what was found at the treatment centre, who looked again, and what people decided.

create table product_receipt_terms (
  id bigint generated always as identity primary key,
  product_id bigint not null references product,
  max_transfer_ms bigint not null check (max_transfer_ms > 0),
  needs_qa boolean not null,
  reason text not null check (reason <> ''),
  known_at timestamptz not null
);
comment on table product_receipt_terms is
  'What a sponsor asks of the receipt of a product; the newest row rules. max_transfer_ms: how long a unit may be in '
  'the air. needs_qa: every unit waits for a decision of QA, whatever was found.';
create index product_receipt_terms_by_product on product_receipt_terms (product_id, id);

create table receipt (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  revision integer not null check (revision > 0),
  organisation_id bigint not null references organisation,
  receiver_id bigint not null references person,
  received_at timestamptz not null,
  record jsonb not null,
  record_sha256 text not null check (record_sha256 ~ '^[0-9a-f]{64}$'),
  event_seq integer not null,
  known_at timestamptz not null,
  unique (shipment_id, revision),
  foreign key (shipment_id, event_seq) references custody_event (shipment_id, seq)
);
comment on table receipt is
  'A receipt as it was signed: the checklist with every answer, what was measured and compared, the findings and the '
  'verdict on each unit, and the evaluation they rest on. A later revision supersedes an earlier one, which stays. '
  'record_sha256: of the canonical record; the signed custody event event_seq names it.';

create table receipt_verification (
  id bigint generated always as identity primary key,
  shipment_id bigint not null,
  revision integer not null,
  organisation_id bigint not null references organisation,
  verifier_id bigint not null references person,
  record jsonb not null,
  record_sha256 text not null check (record_sha256 ~ '^[0-9a-f]{64}$'),
  event_seq integer not null,
  known_at timestamptz not null,
  foreign key (shipment_id, revision) references receipt (shipment_id, revision),
  foreign key (shipment_id, event_seq) references custody_event (shipment_id, seq)
);
comment on table receipt_verification is
  'The second person under a revision of a receipt, with the units that became available by it.';
create index receipt_verification_by_shipment on receipt_verification (shipment_id, id);

create table deviation (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  number text not null check (number <> ''),
  system text not null check (system <> ''),
  classification text not null check (classification in ('minor', 'major', 'critical')),
  units jsonb not null,
  findings jsonb not null,
  note text,
  organisation_id bigint not null references organisation,
  opened_by text not null,
  opened_at timestamptz not null,
  known_at timestamptz not null,
  unique (shipment_id, system, number)
);
comment on table deviation is
  'A deviation in the customer''s quality system, by its number there: which findings of which units it covers. Root '
  'cause and corrective action stay in that system.';

create table deviation_closing (
  deviation_id bigint primary key references deviation,
  closed_at timestamptz not null,
  conclusion text not null check (conclusion <> ''),
  organisation_id bigint not null references organisation,
  closed_by text not null,
  known_at timestamptz not null
);
comment on table deviation_closing is 'When a deviation was closed in the quality system, and to what conclusion.';

create table exceptional_release (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  number integer not null check (number > 0),
  units jsonb not null,
  findings jsonb not null,
  organisation_id bigint not null references organisation,
  known_at timestamptz not null,
  unique (shipment_id, number)
);
comment on table exceptional_release is
  'Urgent use with open findings: the units and the findings that the physician, QA or manufacturer, and the '
  'physician again speak about.';

create table exceptional_release_step (
  id bigint generated always as identity primary key,
  exceptional_release_id bigint not null references exceptional_release,
  step text not null check (step in ('request', 'evaluation', 'evaluation_signature', 'confirmation')),
  form text not null check (form in ('signed', 'attached_form', 'verbal')),
  name text not null check (name <> ''),
  said_by text check (said_by in ('sponsor_qa', 'manufacturer')),
  said_at timestamptz not null,
  authority_notice text,
  record jsonb not null,
  record_sha256 text not null check (record_sha256 ~ '^[0-9a-f]{64}$'),
  signature_id bigint references signature,
  organisation_id bigint not null references organisation,
  known_at timestamptz not null,
  unique (exceptional_release_id, step),
  check ((form = 'signed') = (signature_id is not null))
);
comment on table exceptional_release_step is
  'One word of an exceptional release. A verbal one is no signature: its e-signature follows as evaluation_signature.';

create table disposition (
  id bigint generated always as identity primary key,
  shipment_id bigint not null references shipment,
  number integer not null check (number > 0),
  disposition text not null check (disposition in ('quarantined', 'released', 'rejected', 'released_exceptionally',
    'returned', 'destroyed')),
  organisation_id bigint not null references organisation,
  signer_id bigint not null references person,
  exceptional_release_id bigint references exceptional_release,
  record jsonb not null,
  record_sha256 text not null check (record_sha256 ~ '^[0-9a-f]{64}$'),
  event_seq integer not null,
  known_at timestamptz not null,
  unique (shipment_id, number),
  foreign key (shipment_id, event_seq) references custody_event (shipment_id, seq),
  check ((disposition = 'released_exceptionally') = (exceptional_release_id is not null))
);
comment on table disposition is
  'A decision about named units, e-signed: what was decided and why, with the verdict and findings of each unit at '
  'that time, the deviations that cover them, and the evaluation relied on.';
