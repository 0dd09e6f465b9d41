-- What the serving role may do. Applied after the migrations at every start, in one transaction, so each statement can
-- be repeated; :serving is replaced by the quoted role. First everything is taken back: a right removed here is gone.

revoke all on all tables in schema public from :serving;
revoke all on all sequences in schema public from :serving;
grant usage on schema public to :serving;
grant usage on all sequences in schema public to :serving;
revoke all on function ensure_reading_partition(date) from public;
grant execute on function ensure_reading_partition(date) to :serving;
revoke all on function hold_sensor_stripes(integer[], bigint[]) from public;
grant execute on function hold_sensor_stripes(integer[], bigint[]) to :serving;
revoke all on function ensure_month_partition(text, date) from public;
grant execute on function ensure_month_partition(text, date) to :serving;

grant select on schema_migration to :serving;
-- Only the owner archives and restores; the service must know which months are gone.
grant select on archive, archive_restoration, archived_series to :serving;

-- Append-only: select, insert and nothing else. A lock needs the right to update, so no lock target stands here.
grant select, insert on
  organisation, site, product, profile, profile_approval, therapy_order, container, shipment_party, shipment_profile,
  unit, unit_declaration, unit_split, budget_posting, budget_entry,
  batch, reading, conflict, observation, kept_message, kept_message_release, custody_event, evaluation, audit_entry,
  sequence_event, product_retention, legal_hold, logger_file, logger_file_part, logger_import, logger_import_run,
  reading_again,
  person_password, signature, service_key, ledger_stamp, lot_decision,
  re_review, re_review_decision, shipment_order, label_scan
  to :serving;

-- Append-only too: receipts and what people decided.
grant select, insert on
  product_receipt_terms, receipt, receipt_verification, deviation, deviation_closing, exceptional_release,
  exceptional_release_step, disposition
  to :serving;

-- Superseded, never rewritten: only the columns that say so may change.
grant select, insert on api_key, calibration, lorawan_registration, person_role, placement, readout to :serving;
grant update (revoked_at) on api_key, person_role to :serving;
grant update (superseded_at, superseded_reason) on calibration to :serving;
grant update (superseded_at) on lorawan_registration, placement to :serving;
grant update (superseded_at, superseded_reason) on readout to :serving;

-- Lock targets. A row lock needs the right to update some column; revision and keeper say what a process may still
-- remember.
grant select, insert, update (model, revision) on sensor to :serving;
grant select, update (revision) on sensor_stripe to :serving;
grant select, update (revision, keeper) on shipment_stripe to :serving;
grant select, insert,
  update (profile_id, order_id, packed_at, closed_at, judge_from, root_due, review_due, revision, keeper)
  on shipment to :serving;

-- People: what may be put right about them (the audit trail keeps how it stood), and what stands now of their attempts.
grant select, insert, update (printed_name, email, site_id, disabled_at, failed_attempts, attempted_at) on person
  to :serving;
grant select, insert, update (used_at, ended_at) on person_session to :serving;

-- What stands now of what the appended rows say.
grant select, insert, update on sensor_sequence to :serving;

-- Caches and answers already given.
grant select, insert, update, delete on checkpoint, judged_interval, idempotency to :serving;
